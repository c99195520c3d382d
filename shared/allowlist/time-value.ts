import type { TimeFormat, TimeRange } from './slot.ts';

/**
 * The moment that a text denotes in a format, in Unix milliseconds with fraction; undefined when it is
 * not written in exactly that format.
 * @param fraction most digits after the decimal point
 */
export function readTime(text: string, format: TimeFormat, fraction: number): number | undefined {
  switch (format) {
    case 'unix-s':
      return readUnix(text, 11, fraction, 1000);
    case 'unix-ms':
      return readUnix(text, 14, fraction, 1);
    case 'unix-us':
      return readUnix(text, 17, fraction, 1e-3);
    case 'unix-ns':
      return readUnix(text, 20, fraction, 1e-6);
    case 'rfc3339':
      return readCalendar(rfc3339.exec(text), fraction);
    case 'local':
      return readCalendar(local.exec(text), fraction);
    case 'date':
      return readCalendar(date.exec(text), fraction);
  }
}

/** Whole digits without a leading zero, then at most `fraction` digits after a point. */
function readUnix(text: string, digits: number, fraction: number, unit: number): number | undefined {
  const point = text.indexOf('.');
  const whole = point === -1 ? text.length : point;
  if (whole < 1 || whole > digits || (whole > 1 && text.startsWith('0'))) return undefined;
  if (point !== -1 && (text.length === whole + 1 || text.length - whole - 1 > fraction)) return undefined;
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at);
    if (at !== point && (digit < 0x30 || digit > 0x39)) return undefined;
  }
  return Number(text) * unit;
}

/** RFC 3339 section 5.6, upper case only. */
const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/;
const local = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?$/;
const date = /^(\d{4})-(\d\d)-(\d\d)$/;

function readCalendar(match: RegExpExecArray | null, fraction: number): number | undefined {
  if (match === null || (match[7]?.length ?? 0) > fraction) return undefined;
  const part = (group: number) => Number(match[group] ?? 0);
  const [year, month, dayOfMonth] = [part(1), part(2), part(3)];
  const [hours, minutes, seconds] = [part(4), part(5), part(6)];
  const midnight = Date.UTC(year, month - 1, dayOfMonth);
  // A day that its month does not have rolls over into another month.
  if (year < 1000 || new Date(midnight).getUTCMonth() !== month - 1) return undefined;
  if (hours > 23 || minutes > 59 || seconds > 59 || part(9) > 23 || part(10) > 59) return undefined;
  const offset = (part(9) * 60 + part(10)) * (match[8] === '-' ? -1 : 1);
  return midnight + ((hours * 60 + minutes - offset) * 60 + seconds + Number(`0.${match[7] ?? 0}`)) * 1000;
}

/** Whether a moment lies in the range and on its step. */
export function isInRange(range: TimeRange, moment: number, now: number): boolean {
  const [from, to] = range.absolute ?? range.relative ?? [0, -1];
  const shown = range.absolute === undefined ? moment - now : moment;
  if (!(shown >= from && shown <= to)) return false;
  if (range.step === undefined) return true;
  const whole = Math.round(moment);
  return Math.abs(moment - whole) < 0.001 && whole % range.step === 0;
}
