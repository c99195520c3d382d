import type { Clock, Random } from '../../shared/clock.ts';
import { minute, second } from '../../shared/clock.ts';
import { backoff, fraction } from '../backoff.ts';
import type { Timer } from '../timer.ts';
import type { ControlChannel, ListenerGrant } from './control-channel.ts';
import type { FailureLog } from './failure-log.ts';

export interface GrantRenewalOptions {
  readonly channel: Pick<ControlChannel, 'renew' | 'close'>;
  readonly grant: ListenerGrant;
  readonly obtainedAt: number;
  readonly fetch: () => Promise<ListenerGrant>;
  readonly clock: Clock;
  readonly random: Random;
  readonly timer: Timer;
  readonly failures: FailureLog;
  /** Milliseconds between looks at the clock. */
  readonly interval: number;
}

/**
 * Renews the token of an open control channel in band once three to four fifths of its life are over, again and again
 * until the returned function is called. Which part of the life it is differs each time: gateways that reconnected
 * together need not ask together. A grant for another place ends the channel, so that the listener moves there.
 */
export function keepGrant(options: GrantRenewalOptions): () => void {
  const { channel, clock, random, timer } = options;
  const stop = new AbortController();
  let { grant } = options;
  let dueAt = dueOf(options.obtainedAt);
  let failures = 0;

  function dueOf(obtainedAt: number): number {
    return obtainedAt + (0.6 + 0.2 * fraction(random)) * (grant.expiresAt - obtainedAt);
  }

  async function renew(): Promise<void> {
    const obtainedAt = clock.now();
    try {
      const next = await options.fetch();
      failures = 0;
      const moved = next.endpoint !== grant.endpoint || next.path !== grant.path;
      grant = next;
      dueAt = dueOf(obtainedAt);
      if (moved) channel.close(1000, 'The listener moves');
      else channel.renew(next.token);
    } catch (error) {
      failures++;
      dueAt = clock.now() + 5 * second + backoff(failures, 5 * second, minute, random);
      options.failures.failed(`no new token: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  async function keep(): Promise<void> {
    while (!stop.signal.aborted) {
      if (clock.now() >= dueAt) await renew();
      await timer.sleep(options.interval, stop.signal);
    }
  }

  // It ends with the wait that is aborted.
  keep().catch(() => {});
  return () => stop.abort();
}
