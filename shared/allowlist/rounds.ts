import type { JsonScalar } from './slot.ts';

/** One call of those that differ only in the values looked at. */
export interface Round {
  readonly har: number;
  /** Unix milliseconds. */
  readonly at: number;
  readonly values: readonly JsonScalar[];
}

/** Calls of one refresh follow each other faster than this. */
const apart = 900;

/**
 * Whether calls that differ only in these values belong to different refreshes: to different recordings,
 * or to polls of one page.
 * @param refreshes how many times the recording repeats some call
 */
export function showsSeveralRounds(rounds: readonly Round[], refreshes: number): boolean {
  if (new Set(rounds.map(({ har }) => har)).size > 1) return true;
  const gaps = gapsOf(rounds);
  if (gaps.length === 0 || gaps.some((gap) => gap < apart)) return false;
  if (refreshes >= 2 && rounds.length <= refreshes + 1) return true;
  return gaps.length >= 2 && Math.max(...gaps) <= 1.25 * Math.min(...gaps);
}

/**
 * Whether the values rather tell the calls of one refresh apart: several within a second, and plain
 * numbers or words, no random tokens.
 */
export function looksLikeIdentifiers(rounds: readonly Round[]): boolean {
  const hars = [...new Set(rounds.map(({ har }) => har))];
  const together = hars.some((har) =>
    gapsOf(rounds.filter((round) => round.har === har)).some((gap) => gap < apart),
  );
  return together && rounds.every(({ values }) => values.every(isPlain));
}

function gapsOf(rounds: readonly Round[]): number[] {
  const times = rounds.map(({ at }) => at).sort((a, b) => a - b);
  return times.slice(1).map((at, index) => at - (times[index] ?? 0));
}

const isPlain = (value: JsonScalar) =>
  typeof value !== 'string'
    ? typeof value !== 'number' || Math.abs(value) < 10_000_000
    : /^(?:[A-Za-z_-]{1,24}|.{0,6})$/s.test(value);
