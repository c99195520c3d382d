import { randomUUID } from 'node:crypto';
import type { Clock } from '../../shared/clock.ts';
import type { InvocationRequest, RegisteredFunction } from './core-types.ts';
import type { TimerFunction } from './function-table.ts';
import { timerRunner, type TimerRunner } from './timer-runner.ts';
import { parseTimerSchedule } from './timer-schedule.ts';

/**
 * One runner for each timer function, by the function's name.
 * @throws Error naming the function whose schedule cannot be read
 */
export function timerRunners(given: {
  functions: readonly TimerFunction[];
  settings: Readonly<Record<string, string | undefined>>;
  clock: Clock;
  run: (registered: RegisteredFunction, request: InvocationRequest) => Promise<void>;
}): ReadonlyMap<string, { readonly runner: TimerRunner; readonly atOnce: boolean }> {
  return new Map(
    given.functions.map(
      ({ name, triggerName, schedule: expression, runOnStartup, useMonitor, registered }) => {
        const schedule = readSchedule(name, expression, given.settings);
        const runner = timerRunner({
          schedule,
          keepsStatus: useMonitor && !schedule.isSubMinute,
          clock: given.clock,
          run: ({ data, metadata }) =>
            given.run(registered, {
              invocationId: randomUUID(),
              functionId: name,
              inputData: [{ name: triggerName, data }],
              triggerMetadata: metadata,
            }),
        });
        return [name, { runner, atOnce: runOnStartup }];
      },
    ),
  );
}

function readSchedule(
  name: string,
  expression: string,
  settings: Readonly<Record<string, string | undefined>>,
) {
  try {
    return parseTimerSchedule(expression, settings);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`The function "${name}" cannot be scheduled: ${why}`, { cause: error });
  }
}
