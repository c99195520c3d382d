import { Cron } from 'croner';

/** When a timer function runs next. */
export interface TimerSchedule {
  /**
   * @param after milliseconds since 1970
   * @returns the first moment later than that, in the same unit, or undefined when there is none
   */
  next(after: number): number | undefined;
  /** Whether two runs can be less than a minute apart; Azure does not record the status of such a schedule. */
  readonly isSubMinute: boolean;
}

/**
 * Reads the NCRONTAB expression of a timer trigger: six fields from seconds to day of week, or five without
 * the seconds, in UTC. Day of month and day of week must both fit when both are given, as NCRONTAB has it.
 * @param expression may be a `%SETTING%`, or hold some
 * @throws Error when a setting is missing or the expression is not NCRONTAB
 */
export function parseTimerSchedule(
  expression: string,
  settings: Readonly<Record<string, string | undefined>>,
): TimerSchedule {
  const resolved = expression.replaceAll(/%([^%]+)%/g, (_, name: string) => {
    const value = settings[name];
    if (value === undefined) throw new Error(`the schedule needs the setting ${name}, which is not set`);
    return value;
  });
  const fields = resolved.trim().split(/\s+/);
  if ((fields.length !== 5 && fields.length !== 6) || !fields.every((field) => ncrontabField.test(field))) {
    throw new Error(`the schedule "${resolved}" is not an NCRONTAB expression of five or six fields`);
  }
  const cron = new Cron(fields.join(' '), {
    paused: true,
    timezone: 'UTC',
    mode: '5-or-6-parts',
    domAndDow: true,
    sloppyRanges: true,
  });
  const isEveryMinute = fields.slice(-5).every((field) => field === '*');
  const [first, second] = cron.nextRuns(2, new Date(0));
  const apart = first === undefined || second === undefined ? Infinity : second.getTime() - first.getTime();
  return {
    next: (after) => cron.nextRun(new Date(after))?.getTime(),
    isSubMinute: isEveryMinute && apart < 60_000,
  };
}

// Croner takes more than NCRONTAB does (L, W, #, ?, @daily), which Azure would refuse.
const item = String.raw`(?:\*|(?:\d+|[a-z]{3,9})(?:-(?:\d+|[a-z]{3,9}))?)(?:\/\d+)?`;
const ncrontabField = new RegExp(`^${item}(?:,${item})*$`, 'i');
