import { setTimeout as pause } from 'node:timers/promises';
import { minute } from '../shared/clock.ts';
import type { Clock } from '../shared/clock.ts';

/** Waiting, handed in so that tests take no time. */
export interface Timer {
  /**
   * Resolves after that many milliseconds.
   * @throws the signal's reason as soon as the signal aborts
   */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

export const systemTimer: Timer = {
  async sleep(milliseconds, signal) {
    await pause(milliseconds, undefined, signal === undefined ? {} : { signal });
  },
};

/**
 * Waits until the clock shows `moment`. It looks at the clock at least once a minute, so neither a machine
 * that slept nor a clock that was set makes it wait for days too long; and no wait exceeds the 2^31-1 ms of
 * Node's timers.
 */
export async function sleepUntil(
  moment: number,
  clock: Clock,
  timer: Timer,
  signal?: AbortSignal,
): Promise<void> {
  for (let left = moment - clock.now(); left > 0; left = moment - clock.now()) {
    await timer.sleep(Math.min(left, minute), signal);
  }
}
