import { day, hour, minute, second } from '../clock.ts';
import type { SeenMoment, TimeWindow } from './time-window.ts';

/** The widest calendar unit that a moment may be an edge of, as `this month` is in many dashboards. */
const units = [
  {
    words: 'the start or end of a year',
    length: 366 * day,
    isEdge: (date: Date) => date.getUTCDate() === 1 && date.getUTCMonth() === 0,
  },
  { words: 'the start or end of a month', length: 31 * day, isEdge: (date: Date) => date.getUTCDate() === 1 },
  { words: 'the start or end of a week', length: 7 * day, isEdge: (date: Date) => date.getUTCDay() < 2 },
] as const;

/** A day in any time zone, also when clocks are put back. */
const oneDay = 25 * hour;
/** Time zones lie whole quarters of an hour from UTC. */
const quarter = 15 * minute;

/**
 * The window of a moment that looks like the edge of a day, week, month or year in some time zone;
 * undefined for other moments and for those that are now. Dates alone are always edges of days.
 */
export function calendarReach(
  seen: readonly SeenMoment[],
  isDate: boolean,
): (Required<Pick<TimeWindow, 'because'>> & TimeWindow) | undefined {
  const edges = seen.map(({ moment }) => edgeOf(moment));
  if (!isDate && edges.some((edge) => edge === undefined)) return undefined;
  if (!isDate && seen.every(({ moment, at }) => Math.abs(moment - at) < 2 * minute)) return undefined;
  // Seen once, an edge may also be a moment rounded to minutes.
  const exact = new Set(edges).size > 2 && seen.every(({ moment }) => moment % quarter === 0);
  const offsets = seen.map(({ moment, at }) => moment - at);
  const [least, most] = [Math.min(...offsets), Math.max(...offsets)];
  const far = Math.max(Math.abs(least), Math.abs(most));
  const unit = units.find(
    ({ length, isEdge }) =>
      far > oneDay && far <= length + oneDay && edges.every((edge) => inSomeZone(edge ?? 0, isEdge)),
  );
  const step = exact && !isDate ? { step: quarter } : {};
  if (unit === undefined) {
    const relative = [least - oneDay, most + oneDay] as const;
    return { relative: whole(relative), ...step, because: 'it looks like the start or end of a day' };
  }
  const relative = most <= oneDay ? [-unit.length - oneDay, oneDay] : [-oneDay, unit.length + oneDay];
  return {
    relative: whole([relative[0] ?? 0, relative[1] ?? 0]),
    ...step,
    because: `it looks like ${unit.words}`,
  };
}

/** The edge that a moment lies on or just before (`23:59:59.999`). */
function edgeOf(moment: number): number | undefined {
  const rounded = Math.round(moment);
  return [rounded, rounded + 1, rounded + second].find((edge) => edge % (30 * minute) === 0);
}

/** Midnight somewhere between UTC+14 and UTC-12 belongs to that day. */
const inSomeZone = (edge: number, isEdge: (date: Date) => boolean) =>
  [0, 14 * hour, -12 * hour].some((zone) => isEdge(new Date(edge + zone)));

const whole = ([from, to]: readonly [number, number]) =>
  [Math.floor(from / minute) * minute, Math.ceil(to / minute) * minute] as const;
