import type { Instant } from '../clock.ts';

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/**
 * A moment as people read it, in UTC, because the server does not know where the reader is:
 * "21 Nov 2026, 07:12 UTC". Seconds are dropped.
 *
 * @throws RangeError if the string is no moment
 */
export function utcText(moment: Instant): string {
  const date = new Date(moment);
  const [day = '', time = ''] = date.toISOString().split('T');
  return `${date.getUTCDate()} ${months[date.getUTCMonth()] ?? ''} ${day.slice(0, -6)}, ${time.slice(0, 5)} UTC`;
}
