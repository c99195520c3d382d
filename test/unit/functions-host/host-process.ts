import { fork } from 'node:child_process';
import { join } from 'node:path';
import { z } from 'zod';
import { hostMessage, type HostOrder } from './fixtures/host-orders.ts';

const started = z.object({
  origin: z.string(),
  port: z.number(),
  functions: z.array(z.record(z.string(), z.unknown())),
});

/** A Functions host in a process of its own, serving fixtures. */
export interface HostProcess extends z.infer<typeof started> {
  readonly log: readonly Record<string, unknown>[];
  readonly pid: number;
  send(...message: [kind: string, name?: string]): void;
  /** The next message of that kind that nobody has waited for yet. */
  next(kind: string): Promise<unknown>;
  /** Closes the host, waits for the process to end by itself, and gives its exit code. */
  stop(): Promise<number | null>;
}

/** @throws Error with the host's own words when it refuses to start */
export async function startHostProcess(
  fixtures: readonly string[],
  order: Omit<HostOrder, 'entryPoints'> = {},
): Promise<HostProcess> {
  const entryPoints = fixtures.map((fixture) => join(__dirname, 'fixtures', fixture));
  const runner = join(__dirname, 'fixtures', 'run-host.ts');
  const child = fork(runner, [JSON.stringify({ ...order, entryPoints })], {
    execArgv: ['--no-warnings', '--expose-gc'],
  });
  const arrived = new Map<string, unknown[]>();
  const waiting = new Map<string, ((what: unknown) => void)[]>();
  const log: Record<string, unknown>[] = [];
  child.on('message', (message) => {
    const [kind, what] = hostMessage.parse(message);
    if (kind === 'log') log.push(z.record(z.string(), z.unknown()).parse(what));
    const waiter = waiting.get(kind)?.shift();
    if (waiter !== undefined) waiter(what);
    else arrived.set(kind, [...(arrived.get(kind) ?? []), what]);
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const gone = exited.then((code) => Promise.reject(new Error(`the host ended with ${String(code)}`)));
  gone.catch(() => undefined);
  const next = (kind: string) => {
    const message = new Promise<unknown>((resolve) => {
      const before = arrived.get(kind);
      if (before !== undefined && before.length > 0) resolve(before.shift());
      else waiting.set(kind, [...(waiting.get(kind) ?? []), resolve]);
    });
    return Promise.race([message, gone]);
  };
  // A host that refuses to start has to let its process end.
  const refused = next('refused').then(async (why) => {
    await exited;
    throw new Error(String(why));
  });
  refused.catch(() => undefined);
  const start = started.parse(await Promise.race([next('started'), refused]));
  return {
    ...start,
    log,
    pid: child.pid ?? 0,
    send: (...message) => void child.send(message),
    next,
    stop: async () => {
      child.send(['close']);
      await next('closed');
      child.disconnect();
      return exited;
    },
  };
}
