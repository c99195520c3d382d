import type { Clock, Random } from '../../shared/clock.ts';
import { minute, second } from '../../shared/clock.ts';
import { backoff } from '../backoff.ts';
import type { ControlChannel, ListenerGrant } from './control-channel.ts';
import type { FailureLog } from './failure-log.ts';

export interface GrantRenewalOptions {
  readonly channel: ControlChannel;
  readonly grant: ListenerGrant;
  readonly obtainedAt: number;
  readonly fetch: () => Promise<ListenerGrant>;
  readonly clock: Clock;
  readonly random: Random;
  readonly failures: FailureLog;
  /** Milliseconds between looks at the clock. */
  readonly interval: number;
}

/**
 * Renews the token of an open control channel in band once four fifths of its life are over, again and again until the
 * returned function is called. A grant for another place ends the channel, so that the listener moves there.
 */
export function keepGrant(options: GrantRenewalOptions): () => void {
  const { channel, clock, random } = options;
  let { grant } = options;
  let dueAt = options.obtainedAt + 0.8 * (grant.expiresAt - options.obtainedAt);
  let failures = 0;
  let busy = false;

  async function renew(): Promise<void> {
    const obtainedAt = clock.now();
    try {
      const next = await options.fetch();
      failures = 0;
      dueAt = obtainedAt + 0.8 * (next.expiresAt - obtainedAt);
      const moved = next.endpoint !== grant.endpoint || next.path !== grant.path;
      grant = next;
      if (moved) channel.close(1000, 'The listener moves');
      else channel.renew(next.token);
    } catch (error) {
      failures++;
      dueAt = clock.now() + 5 * second + backoff(failures, 5 * second, minute, random);
      options.failures.failed(`no new token: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  const timer = setInterval(() => {
    if (busy || clock.now() < dueAt) return;
    busy = true;
    void renew().finally(() => (busy = false));
  }, options.interval);
  return () => clearInterval(timer);
}
