import { day, hour, minute, type Clock } from '../../shared/clock.ts';
import { GatewayError } from '../gateway-error.ts';

const units: Record<string, number> = { m: minute, h: hour, d: day, w: 7 * day };

/** Reads `30d`, `12h` or a time such as 2027-01-31T12:00:00Z. @returns RFC 3339 */
export function readExpiry(text: string, clock: Clock): string {
  const [, count, unit] = /^(\d{1,4})([mhdw])$/.exec(text) ?? [];
  const length = unit === undefined ? undefined : units[unit];
  if (count !== undefined && length !== undefined)
    return new Date(clock.now() + Number(count) * length).toISOString();
  const moment = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(moment)) {
    throw new GatewayError(
      'usage',
      `--expires ${text}: give a time span such as 30d or 12h, or a time such as 2027-01-31T12:00:00Z.`,
    );
  }
  return new Date(moment).toISOString();
}
