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
 * Renews the token of an open control channel in band once two to four fifths of its life are over, again and again
 * until the returned function is called. Which part of the life it is differs each time: gateways that reconnected
 * together need not ask together. A grant for another place ends the channel, so that the listener moves there.
 *
 * The clock may be set back meanwhile, and the machine may sleep: whichever of clock and passing time is ahead counts.
 */
export function keepGrant(options: GrantRenewalOptions): () => void {
  const { channel, clock, random, timer } = options;
  const stop = new AbortController();
  let { grant } = options;
  let dueAt = 0;
  /** Milliseconds still to pass, whatever the clock says. */
  let left = 0;
  let failures = 0;

  function dueOf(obtainedAt: number): number {
    return obtainedAt + (0.4 + 0.4 * fraction(random)) * (grant.expiresAt - obtainedAt);
  }

  const plan = (from: number, at: number) => {
    dueAt = at;
    left = at - from;
  };

  async function renew(): Promise<void> {
    const obtainedAt = clock.now();
    try {
      const next = await options.fetch();
      failures = 0;
      const moved = next.endpoint !== grant.endpoint || next.path !== grant.path;
      grant = next;
      plan(obtainedAt, dueOf(obtainedAt));
      if (moved) channel.close(1000, 'The listener moves');
      else channel.renew(next.token);
    } catch (error) {
      failures++;
      plan(clock.now(), clock.now() + 5 * second + backoff(failures, 5 * second, minute, random));
      options.failures.failed(`no new token: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  async function keep(): Promise<void> {
    while (!stop.signal.aborted) {
      if (clock.now() >= dueAt || left <= 0) await renew();
      await timer.sleep(options.interval, stop.signal);
      left -= options.interval;
    }
  }

  plan(options.obtainedAt, dueOf(options.obtainedAt));
  // It ends with the wait that is aborted.
  keep().catch(() => {});
  return () => stop.abort();
}
