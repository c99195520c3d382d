import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';

/**
 * Writes the one line that a failed invocation gets. An error's message is left out, for it may quote the
 * URL or the body; its name, its code and the first frame of its stack say where to look.
 * @param started milliseconds since 1970, as the clock gives them
 */
export function reportFailure(
  { log, clock }: { log: Log; clock: Clock },
  failed: { function: string; invocation: string; started: number; error: unknown },
): void {
  const { error } = failed;
  log.error('function.failed', {
    function: failed.function,
    invocation: failed.invocation,
    duration: clock.now() - failed.started,
    error: error instanceof Error ? error.name : typeof error,
    code: codeOf(error),
    at: firstFrame(error),
  });
}

function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' && /^[A-Z][A-Z0-9_]{0,63}$/.test(error.code) ? error.code : undefined;
}

function firstFrame(error: unknown): string | undefined {
  const stack = error instanceof Error ? error.stack : undefined;
  return /^\s+at (.+)$/m.exec(stack?.slice(stack.indexOf('\n    at ')) ?? '')?.[1];
}
