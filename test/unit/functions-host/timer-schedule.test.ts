import { parseTimerSchedule } from '../../../local/functions-host/timer-schedule.ts';

const from = Date.parse('2026-03-04T05:06:07.500Z'); // a Wednesday

describe('a timer schedule', () => {
  test.each([
    ['0 */5 * * * *', '2026-03-04T05:10:00.000Z'],
    ['*/5 * * * *', '2026-03-04T05:10:00.000Z'],
    ['* * * * * *', '2026-03-04T05:06:08.000Z'],
    ['0 0 */4 * * *', '2026-03-04T08:00:00.000Z'],
    ['0 30 9 * * Mon-Fri', '2026-03-04T09:30:00.000Z'],
    ['0 0 3 * * sun', '2026-03-08T03:00:00.000Z'],
    ['0 0 0 1 Jan *', '2027-01-01T00:00:00.000Z'],
    ['0 5/20 * * * *', '2026-03-04T05:25:00.000Z'],
    ['0 0 0 13 * 5', '2026-03-13T00:00:00.000Z'],
    ['0 0 %HOUR% * * *', '2026-03-04T07:00:00.000Z'],
    ['%NIGHTLY%', '2026-03-05T01:15:00.000Z'],
  ])('%s is next due at %s', (expression, next) => {
    const settings = { HOUR: '7', NIGHTLY: '0 15 1 * * *' };
    expect(parseTimerSchedule(expression, settings).next(from)).toBe(Date.parse(next));
  });

  test('is due strictly later than asked, and never when no such day exists', () => {
    const minutely = parseTimerSchedule('0 * * * * *', {});
    const due = minutely.next(from) ?? 0;
    expect(minutely.next(due)).toBe(due + 60_000);
    expect(parseTimerSchedule('0 0 0 31 2 *', {}).next(from)).toBeUndefined();
  });

  test.each([
    ['*/10 * * * * *', true],
    ['0 * * * * *', false],
    ['*/10 0 * * * *', false],
    ['* * * * *', false],
  ])('%s runs within a minute of itself: %s', (expression, isSubMinute) => {
    expect(parseTimerSchedule(expression, {}).isSubMinute).toBe(isSubMinute);
  });

  test.each([
    '',
    '* * * *',
    '0 0 0 * * * *',
    '00:05:00',
    '@daily',
    '0 0 0 L * *',
    '0 0 0 ? * *',
    '0 0 0 * * 1#2',
    '0 99 * * * *',
  ])('%j is refused', (expression) => {
    expect(() => parseTimerSchedule(expression, {})).toThrow();
  });

  test('is refused by name when its setting is missing', () => {
    expect(() => parseTimerSchedule('%NIGHTLY%', {})).toThrow(/setting NIGHTLY/);
  });
});
