import { fitsSlot } from './path-parse.ts';
import { looksLikeIdentifiers, showsSeveralRounds, type Round } from './rounds.ts';
import type { Sample } from './sample.ts';

/** A sample and the places whose values change from one refresh to the next. */
export interface Draft {
  readonly sample: Sample;
  readonly volatile: Set<string>;
}

/** Comparisons of places grow with their number; bodies with more varying places stay pinned. */
const mostVarying = 60;

/**
 * Marks in the drafts what varies over time, as against what tells the calls of one refresh apart: an
 * element's id comes again with the next refresh, a counter or a random token does not.
 */
export function markVolatile(drafts: readonly Draft[], refreshes: number): void {
  for (const group of groupBy(drafts, ({ sample }) => `${sample.shape}\n${pathKey(sample)}`).values()) {
    const varying = varyingPlaces(group);
    if (varying.length === 0 || varying.length > mostVarying) continue;
    markCounters(group, varying);
    markTogether(group, varying, refreshes);
    for (const place of varying) markOne(group, varying, place, refreshes);
  }
  markPaths(drafts);
}

/** A field's value for comparison: moments of one format are alike, volatile values are all alike. */
export function fieldKey({ sample, volatile }: Draft, place: string): string {
  const field = sample.fields.get(place);
  if (field === undefined) return '';
  if (volatile.has(place)) return '*';
  return field.time === undefined
    ? `${typeof field.value} ${String(field.value)}`
    : `time ${field.time.format}`;
}

export const keyOf = (draft: Draft, places: readonly string[]): string =>
  JSON.stringify(places.map((place) => fieldKey(draft, place)));

const isPath = (place: string) => place.startsWith('path ');
const pathKey = (sample: Sample) =>
  keyOf({ sample, volatile: new Set() }, [...sample.fields.keys()].filter(isPath));

function varyingPlaces(group: readonly Draft[]): string[] {
  const [first] = group;
  const places = [...(first?.sample.fields.keys() ?? [])].filter((place) => !isPath(place));
  return places.filter((place) => new Set(group.map((draft) => fieldKey(draft, place))).size > 1);
}

/** Numbers that count up with every poll of one page, also behind letters (`Q101`). */
function markCounters(group: readonly Draft[], varying: readonly string[]): void {
  for (const place of varying) {
    const others = varying.filter((other) => other !== place);
    const contexts = [...groupBy(group, (draft) => keyOf(draft, others)).values()];
    const rising = contexts.flatMap((context) => {
      const pages = [...groupBy(context, ({ sample }) => String(sample.har)).values()];
      const polls = Math.max(...pages.map((page) => countedPolls(page, place)));
      return polls > 1 ? [{ context, polls }] : [];
    });
    // Two values of one call may be two calls; two values of each of several calls are two refreshes.
    const counted = rising.filter(({ polls }) => polls > 2 || rising.length > 1);
    for (const { context } of counted) for (const draft of context) draft.volatile.add(place);
  }
}

/** How many polls of one page show a number that rises by equal steps; 0 where it does not. */
function countedPolls(page: readonly Draft[], place: string): number {
  const sorted = [...page].sort((a, b) => a.sample.at - b.sample.at);
  const texts = sorted.map(({ sample }) =>
    /^([^0-9]*)([0-9]{1,15})$/.exec(String(sample.fields.get(place)?.value)),
  );
  const values = texts.map((match) => Number(match?.[2]));
  const stride = (values[1] ?? 0) - (values[0] ?? 0);
  const rises =
    stride > 0 &&
    texts.every((match) => match?.[1] === texts[0]?.[1]) &&
    values.every((value, at) => at === 0 || value - (values[at - 1] ?? 0) === stride) &&
    sorted.every(({ sample }, at) => at === 0 || sample.at - (sorted[at - 1]?.sample.at ?? 0) >= 900);
  return rises ? page.length : 0;
}

/** Places whose values never come again in another round, all at once: a width and the interval made from it. */
function markTogether(group: readonly Draft[], varying: readonly string[], refreshes: number): void {
  const once = onceOnly(group, varying);
  const changing = varying.filter((place) => {
    const rounds = [...groupBy(once, ({ sample }) => String(sample.har)).values()].map(
      (round) => new Set(round.map((draft) => fieldKey(draft, place))),
    );
    if (rounds.length < 2) return new Set(once.map((draft) => fieldKey(draft, place))).size === once.length;
    return rounds.every((values, at) =>
      rounds.every((other, index) => index === at || [...values].every((value) => !other.has(value))),
    );
  });
  if (changing.length === 0) return;
  const lasting = varying.filter((place) => !changing.includes(place));
  for (const context of groupBy(once, (draft) => keyOf(draft, lasting)).values())
    mark(context, changing, refreshes);
}

/** One place that differs between calls that are otherwise the same. */
function markOne(
  group: readonly Draft[],
  varying: readonly string[],
  place: string,
  refreshes: number,
): void {
  const others = varying.filter((other) => other !== place);
  for (const context of groupBy(onceOnly(group, varying), (draft) => keyOf(draft, others)).values()) {
    if (new Set(context.map((draft) => fieldKey(draft, place))).size > 1) mark(context, [place], refreshes);
  }
}

function mark(context: readonly Draft[], places: readonly string[], refreshes: number): void {
  const changed = places.filter((place) => new Set(context.map((draft) => fieldKey(draft, place))).size > 1);
  const rounds = context.map(({ sample }): Round => ({
    har: sample.har,
    at: sample.at,
    values: changed.map((place) => sample.fields.get(place)?.value ?? null),
  }));
  if (!showsSeveralRounds(rounds, refreshes) || looksLikeIdentifiers(rounds)) return;
  for (const draft of context) for (const place of changed) draft.volatile.add(place);
}

/** Segments that change with every opening, such as a session's id or a content hash. */
function markPaths(drafts: readonly Draft[]): void {
  const depth = Math.max(0, ...drafts.map(({ sample }) => sample.request.path.length));
  for (let at = 0; at < depth; at++) {
    const place = `path ${at}`;
    const segmentOf = ({ sample }: Draft) => sample.request.path[at] ?? '';
    const changing = drafts.filter(
      (draft) => fitsSlot(segmentOf(draft)) && mould(segmentOf(draft)).includes('#'),
    );
    const context = (draft: Draft) => {
      const others = [...draft.sample.fields.keys()].filter((other) => other !== place);
      return `${draft.sample.shape}\n${mould(segmentOf(draft))}\n${keyOf(draft, others)}`;
    };
    for (const alike of groupBy(onceOnly(changing, undefined), context).values()) {
      const hars = new Set(alike.map(({ sample }) => sample.har)).size;
      // Several in one opening rather are several things.
      if (hars < 2 || alike.length !== hars || new Set(alike.map(segmentOf)).size < hars) continue;
      for (const draft of alike) draft.volatile.add(place);
    }
  }
}

/** A segment with `#` for each part that may be a number, an id or a hash. */
const mould = (segment: string): string =>
  segment.replace(/[A-Za-z0-9]+/g, (part) =>
    /[0-9]/.test(part) || (part.length >= 8 && /[a-z]/.test(part) && /[A-Z]/.test(part)) ? '#' : part,
  );

/** Drafts whose values, all together, were seen at one moment only. */
function onceOnly(group: readonly Draft[], varying: readonly string[] | undefined): Draft[] {
  const key = (draft: Draft) => keyOf(draft, varying ?? [...draft.sample.fields.keys()]) + draft.sample.shape;
  return [...groupBy(group, key).values()].flatMap((same) => {
    const [first, ...others] = same;
    const again = others.some(({ sample }) => {
      return sample.har !== first?.sample.har || Math.abs(sample.at - first.sample.at) >= 900;
    });
    return again || first === undefined ? [] : [first];
  });
}

export function groupBy<T>(items: Iterable<T>, keyOfItem: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOfItem(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
