import { minute, type Clock } from '../../shared/clock.ts';
import type { TypedData } from './core-types.ts';
import type { TimerSchedule } from './timer-schedule.ts';

/** Runs one timer function on its schedule and on demand, never twice at the same time. */
export interface TimerRunner {
  /** Starts the schedule; with `atOnce`, runs the function first. */
  start(atOnce: boolean): void;
  /** Runs it now, after the run in progress if there is one. Rejects with what the function threw. */
  runNow(): Promise<void>;
  /** Stops the schedule and gives the run in progress, if any. */
  stop(): Promise<void>;
}

/** What a timer trigger hands to the library. */
export interface TimerTick {
  readonly data: TypedData;
  readonly metadata: Readonly<Record<string, TypedData>>;
}

export function timerRunner(given: {
  schedule: TimerSchedule;
  /** Whether the function is told when it last ran. */
  keepsStatus: boolean;
  clock: Clock;
  /** Rejects with what the function threw, and has reported it by then. */
  run: (tick: TimerTick) => Promise<void>;
}): TimerRunner {
  const { schedule, clock, run } = given;
  let last: number | undefined;
  let due: number | undefined;
  let stopped = false;
  let timeout: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();

  const runNow = async () => {
    const mine = running.then(async () => {
      if (stopped) throw new Error('The timer has been stopped.');
      const now = clock.now();
      const status = given.keepsStatus ? { last, next: due ?? schedule.next(now), updated: last } : undefined;
      last = now;
      await run(timerTick(now, status));
    });
    running = mine.catch(() => undefined);
    await mine;
  };

  const arm = () => {
    if (stopped || due === undefined) return;
    // Woken at least once a minute, since a sleeping machine stops this clock and not the other.
    timeout = setTimeout(wake, Math.min(Math.max(due - clock.now(), 0), minute));
  };

  const planAfter = (after: number) => {
    due = schedule.next(after);
    arm();
  };

  const wake = () => {
    if (due === undefined || clock.now() < due) {
      arm();
      return;
    }
    const ran = due;
    void runNow()
      .catch(() => undefined)
      .then(() => planAfter(Math.max(clock.now(), ran)));
  };

  return {
    start: (atOnce) => {
      planAfter(clock.now());
      if (atOnce) void runNow().catch(() => undefined);
    },
    runNow,
    stop: async () => {
      stopped = true;
      clearTimeout(timeout);
      await running;
    },
  };
}

function timerTick(
  now: number,
  status: { last: number | undefined; next: number | undefined; updated: number | undefined } | undefined,
): TimerTick {
  const info = {
    Schedule: { AdjustForDST: true },
    ScheduleStatus:
      status === undefined
        ? null
        : { Last: dateTime(status.last), Next: dateTime(status.next), LastUpdated: dateTime(status.updated) },
    IsPastDue: false,
  };
  return { data: { json: JSON.stringify(info) }, metadata: { TimerTrigger: { string: dateTime(now) } } };
}

/** As .NET writes a moment in UTC; its earliest moment stands for never. */
function dateTime(milliseconds: number | undefined): string {
  return milliseconds === undefined
    ? '0001-01-01T00:00:00+00:00'
    : new Date(milliseconds).toISOString().replace('Z', '+00:00');
}
