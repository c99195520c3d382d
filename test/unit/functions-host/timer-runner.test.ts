import { setImmediate as turn } from 'node:timers/promises';
import { z } from 'zod';
import { timerRunner, type TimerTick } from '../../../local/functions-host/timer-runner.ts';
import { parseTimerSchedule } from '../../../local/functions-host/timer-schedule.ts';

const start = Date.parse('2026-03-04T05:06:07.500Z');
const clock = { now: () => Date.now() };

const info = z.object({
  Schedule: z.object({ AdjustForDST: z.literal(true) }),
  ScheduleStatus: z.object({ Last: z.string(), Next: z.string(), LastUpdated: z.string() }).nullable(),
  IsPastDue: z.literal(false),
});
const read = (tick: TimerTick) => info.parse(JSON.parse(tick.data.json ?? ''));

const runner = (run: (tick: TimerTick) => Promise<void>, keepsStatus = true, expression = '0 * * * * *') =>
  timerRunner({ schedule: parseTimerSchedule(expression, {}), keepsStatus, clock, run });

describe('a timer', () => {
  beforeEach(() => jest.useFakeTimers({ now: start, doNotFake: ['setImmediate', 'nextTick'] }));
  afterEach(() => jest.useRealTimers());

  test('runs when it is due and tells the function when it ran last and was due next', async () => {
    const ticks: TimerTick[] = [];
    const timer = runner(async (tick) => void ticks.push(tick));
    timer.start(false);
    await jest.advanceTimersByTimeAsync(52_499);
    expect(ticks).toHaveLength(0);
    await jest.advanceTimersByTimeAsync(60_001);
    expect(ticks.map((tick) => read(tick).ScheduleStatus)).toEqual([
      {
        Last: '0001-01-01T00:00:00+00:00',
        Next: '2026-03-04T05:07:00.000+00:00',
        LastUpdated: '0001-01-01T00:00:00+00:00',
      },
      {
        Last: '2026-03-04T05:07:00.000+00:00',
        Next: '2026-03-04T05:08:00.000+00:00',
        LastUpdated: '2026-03-04T05:07:00.000+00:00',
      },
    ]);
    await timer.stop();
  });

  test('tells no status when it keeps none', async () => {
    const ticks: TimerTick[] = [];
    const timer = runner(async (tick) => void ticks.push(tick), false, '* * * * * *');
    timer.start(false);
    await jest.advanceTimersByTimeAsync(600);
    expect(ticks.map((tick) => read(tick).ScheduleStatus)).toEqual([null]);
    await timer.stop();
  });

  test('runs at once when told to, and on its schedule besides', async () => {
    let runs = 0;
    const timer = runner(async () => void (runs += 1));
    timer.start(true);
    await turn();
    expect(runs).toBe(1);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(runs).toBe(2);
    await timer.stop();
  });

  test('never overlaps with itself, and skips what it missed while it ran', async () => {
    const finish: (() => void)[] = [];
    let active = 0;
    let most = 0;
    const timer = runner(async () => {
      active += 1;
      most = Math.max(most, active);
      await new Promise<void>((resolve) => finish.push(resolve));
      active -= 1;
    });
    timer.start(false);
    await jest.advanceTimersByTimeAsync(10 * 60_000);
    const queued = timer.runNow();
    await turn();
    expect(finish).toHaveLength(1);
    finish[0]?.();
    await turn();
    expect(finish).toHaveLength(2);
    finish[1]?.();
    await queued;
    await jest.advanceTimersByTimeAsync(60_000);
    expect(finish).toHaveLength(3);
    expect(most).toBe(1);
    finish[2]?.();
    await timer.stop();
  });

  test('goes on after a failure, which only who asked for the run hears of', async () => {
    let runs = 0;
    const timer = runner(async () => {
      runs += 1;
      throw new Error('no luck');
    });
    timer.start(false);
    await jest.advanceTimersByTimeAsync(2 * 60_000);
    expect(runs).toBe(2);
    await expect(timer.runNow()).rejects.toThrow('no luck');
    await timer.stop();
  });

  test('runs late rather than never when the machine slept', async () => {
    let runs = 0;
    const timer = runner(async () => void (runs += 1), true, '0 0 6 * * *');
    timer.start(false);
    jest.setSystemTime(Date.parse('2026-03-04T09:00:00Z'));
    await jest.advanceTimersByTimeAsync(60_000);
    expect(runs).toBe(1);
    await timer.stop();
  });

  test('stops for good once its run in progress has ended', async () => {
    let finish: (() => void) | undefined;
    let ended = false;
    const timer = runner(() => new Promise<void>((resolve) => (finish = resolve)));
    timer.start(true);
    await turn();
    const stopping = timer.stop().then(() => (ended = true));
    await turn();
    expect(ended).toBe(false);
    finish?.();
    await stopping;
    expect(jest.getTimerCount()).toBe(0);
    await expect(timer.runNow()).rejects.toThrow('stopped');
  });
});
