import { day, hour, minute, second } from '../clock.ts';
import { calendarReach } from './calendar-reach.ts';
import type { TimeFormat } from './slot.ts';

/** One moment seen in a recording. */
export interface SeenMoment {
  readonly har: number;
  /** When the call was made, Unix milliseconds. */
  readonly at: number;
  /** Unix milliseconds. */
  readonly moment: number;
}

/** How far from now a moment may lie, so that a dashboard which is open for days is not refused. */
export interface TimeWindow {
  /** Offsets from now in milliseconds. */
  readonly relative: readonly [number, number];
  readonly step?: number;
  /** Why it is wider than ten minutes around what was seen; such a window has no fixed span. */
  readonly because?: string;
}

/** Clocks of viewers go wrong by minutes; an open page computes its times shortly before it calls. */
const tolerance = 10 * minute;
/** Times without offset are in the viewer's time zone, which lies up to 14 hours from UTC. */
const zoneTolerance = 26 * hour;

/** Parameters that only keep caches away. jQuery takes the time at which the page was opened and counts on. */
const cacheBuster = /(?:^|[ /])(?:_|_dc|_t|nocache|no_cache|cachebust(?:er)?|cb|rnd|rand|random)$/i;

/** @param rounded whether the moment belongs to a range that is rounded, and so is no edge of a calendar day */
export function timeWindow(
  place: string,
  format: TimeFormat,
  seen: readonly SeenMoment[],
  rounded = false,
): TimeWindow {
  const offsets = seen.map(({ moment, at }) => moment - at);
  const [least, most] = [Math.min(...offsets), Math.max(...offsets)];
  const aligned = alignment(seen.map(({ moment }) => moment));
  const base = format === 'local' || format === 'date' ? zoneTolerance : tolerance;
  // Noon is a multiple of half a day, but hardly rounded to one.
  const rounding = aligned >= minute ? Math.min(aligned, 2 * hour) : 0;
  const margin = base + (most - least) / 10 + rounding;
  const near = [floor(least - margin), ceil(most + margin)] as const;
  /** For values made when the page was opened: the page may have been open for so long. */
  const openFor = (age: number) => [Math.min(near[0], floor(most) - age), Math.max(near[1], base)] as const;
  if (cacheBuster.test(place)) {
    return {
      relative: openFor(31 * day),
      because: 'it only keeps caches away, and may be as old as the open page',
    };
  }
  const reach = rounded ? undefined : calendarReach(seen, format === 'date');
  if (reach !== undefined) {
    const relative = [
      Math.min(reach.relative[0], floor(least - margin)),
      Math.max(reach.relative[1], ceil(most + margin)),
    ] as const;
    return { relative, ...(reach.step === undefined ? {} : { step: reach.step }), because: reach.because };
  }
  if (staysWithPage(seen, aligned)) {
    return { relative: openFor(7 * day), because: 'it stays the same while the page is open' };
  }
  const distinct = new Set(seen.map(({ moment }) => moment)).size;
  return { relative: near, ...(aligned >= minute && distinct >= 3 ? { step: minute } : {}) };
}

/** Whole minutes outwards; the seconds that a page takes to call do not make another minute. */
const floor = (offset: number) => Math.floor((offset + 10 * second) / minute) * minute;
const ceil = (offset: number) => Math.ceil((offset - 10 * second) / minute) * minute;

/** Whether a value lags behind the clock while one page is open. */
function staysWithPage(seen: readonly SeenMoment[], aligned: number): boolean {
  return seen.some((first) =>
    seen.some((later) => {
      const passed = later.at - first.at;
      if (later.har !== first.har || passed < Math.max(2 * second, 2 * aligned)) return false;
      return Math.abs(later.moment - first.moment) < passed / 10;
    }),
  );
}

const steps = [12 * hour, 6 * hour, 3 * hour, 2 * hour, hour, 30 * minute, 20 * minute, 15 * minute].concat([
  10 * minute,
  5 * minute,
  2 * minute,
  minute,
  30 * second,
  15 * second,
  10 * second,
  5 * second,
  second,
]);

/** The largest usual step that all moments are multiples of; 0 when there is none. */
export function alignment(moments: readonly number[]): number {
  return [day, ...steps].find((step) => moments.every((moment) => moment % step === 0)) ?? 0;
}

/** Lengths of ranges that people choose: up to half a day, or whole days. */
const usualRanges = [0.25, 0.5, 1, 2, 3, 4, 6, 8, 12].map((hours) => hours * hour);

/** Whether two moments of the same calls are the ends of a range whose end is now, rounded to half hours or more. */
export function isRoundedRange(one: readonly SeenMoment[], other: readonly SeenMoment[]): boolean {
  return one.every(({ at, moment }, index) => {
    const end = Math.max(moment, other[index]?.moment ?? 0);
    const length = Math.abs(moment - (other[index]?.moment ?? 0));
    if (length === 0 || moment % (30 * minute) !== 0 || end % (30 * minute) !== 0) return false;
    return Math.abs(end - at) <= 2 * hour && (usualRanges.includes(length) || length % day === 0);
  });
}

/**
 * Whether equal values can only be one fixed moment: seen in several recordings further apart than any
 * rounding of the value would explain.
 */
export function isFixedMoment(seen: readonly SeenMoment[]): boolean {
  const [first] = seen;
  if (first === undefined || seen.some(({ moment }) => moment !== first.moment)) return false;
  const others = seen.filter(({ har }) => har !== first.har).map(({ at }) => Math.abs(at - first.at));
  return others.some((apart) => apart > Math.max(2 * minute, 2 * alignment([first.moment])));
}
