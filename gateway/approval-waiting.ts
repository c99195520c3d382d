import { day } from '../shared/clock.ts';
import { awaitApproval, beginApproval } from './approval.ts';
import type { Gateway } from './gateway.ts';
import { wordsOf } from './gateway-error.ts';

/** Waiting for approval beside everything else. */
export interface ApprovalWaiting {
  /**
   * Asks, and waits in the background, unless this or another process does already.
   * @throws GatewayError when the service cannot be asked
   */
  begin(): Promise<void>;
  /** Milliseconds since 1970: who was denied does not ask again by itself for a day. */
  silentUntil(): number;
  /** Resolves when nothing waits any more; that is soon once the signal aborts. */
  ended(): Promise<void>;
}

export function createApprovalWaiting(
  { locks, approval, clock, log }: Gateway,
  signal: AbortSignal,
): ApprovalWaiting {
  let waiting: Promise<void> | undefined;
  let silentUntil = 0;
  return {
    async begin() {
      if (waiting) return;
      const lock = await locks.tryHold('approval');
      if (!lock) return;
      try {
        const pending = await beginApproval(approval);
        waiting = awaitApproval(approval, pending, { signal })
          .then(({ kind }) => {
            log.info('approval', { outcome: kind });
            if (kind === 'denied') silentUntil = clock.now() + day;
          })
          .catch((error: unknown) => {
            if (!signal.aborted) log.warn('approval failed', { why: wordsOf(error) });
          })
          .finally(() => {
            lock.release();
            waiting = undefined;
          });
      } catch (error) {
        lock.release();
        throw error;
      }
    },
    silentUntil: () => silentUntil,
    ended: async () => waiting,
  };
}
