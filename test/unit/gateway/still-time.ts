import type { Clock, Random } from '../../../shared/clock.ts';
import type { Timer } from '../../../gateway/timer.ts';

/** 2026-03-01T12:00:00Z: where the time of tests begins. */
export const start = Date.UTC(2026, 2, 1, 12);

/** Time that passes only by being waited for. */
export interface StillTime {
  readonly clock: Clock;
  readonly timer: Timer;
  /** What was waited for, in milliseconds. */
  readonly waits: number[];
  pass(milliseconds: number): void;
}

export function stillTime(): StillTime {
  let now = start;
  const waits: number[] = [];
  return {
    clock: { now: () => now },
    timer: {
      async sleep(milliseconds, signal) {
        signal?.throwIfAborted();
        waits.push(milliseconds);
        now += milliseconds;
        // Others get their turn, as with real timers.
        await new Promise((resolve) => setImmediate(resolve));
      },
    },
    waits,
    pass: (milliseconds) => {
      now += milliseconds;
    },
  };
}

/** Random bytes that are the same in every run (xorshift32). */
export function seededRandom(seed = 1): Random {
  let state = seed | 1;
  return {
    bytes: (count) =>
      Uint8Array.from({ length: count }, () => {
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        return state & 255;
      }),
  };
}
