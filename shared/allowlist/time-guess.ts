import { day, minute } from '../clock.ts';
import type { JsonScalar, TimeFormat } from './slot.ts';
import { readTime } from './time-value.ts';

/** A value read as a moment. */
export interface TimeReading {
  readonly format: TimeFormat;
  /** Digits after the decimal point. */
  readonly fraction: number;
  /** Unix milliseconds with fraction. */
  readonly moment: number;
}

/** Moments further away from the call than this are other numbers. */
const farthest = 366 * day;
/** A static file's version may look like a time, but is one only when it is now. */
const farthestInAsset = 5 * minute;

const wholeDigits = new Map<number, TimeFormat>([
  [10, 'unix-s'],
  [13, 'unix-ms'],
  [16, 'unix-us'],
  [19, 'unix-ns'],
]);

/**
 * Reads a recorded value as a moment, if it is written like one and lies near the time of its call.
 * @param at when the call was made, Unix milliseconds
 */
export function guessTime(value: JsonScalar, at: number, isAsset: boolean): TimeReading | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const text = String(value);
  const format = formatOf(text);
  if (format === undefined || (typeof value === 'number' && !format.startsWith('unix'))) return undefined;
  const fraction = /\.(\d+)/.exec(text)?.[1]?.length ?? 0;
  const moment = readTime(text, format, fraction);
  if (moment === undefined || fraction > 9) return undefined;
  return Math.abs(moment - at) <= (isAsset ? farthestInAsset : farthest)
    ? { format, fraction, moment }
    : undefined;
}

function formatOf(text: string): TimeFormat | undefined {
  const unix = /^(\d+)(?:\.\d+)?$/.exec(text);
  if (unix !== null) return wholeDigits.get(unix[1]?.length ?? 0);
  if (/^\d{4}-\d\d-\d\d$/.test(text)) return 'date';
  if (!/^\d{4}-\d\d-\d\d[T ]\d\d:/.test(text)) return undefined;
  return /(?:Z|[+-]\d\d:\d\d)$/.test(text.slice(11)) ? 'rfc3339' : 'local';
}
