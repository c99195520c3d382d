import { isJsonArray, isJsonObject, jsonTypeOf, type JsonValue } from './json-value.ts';
import { guessJsonSlot } from './slot-guess.ts';
import type { JsonScalar, JsonSlot } from './slot.ts';
import { guessTime } from './time-guess.ts';
import { timeWindow } from './time-window.ts';
import { groupBy } from './volatile-fields.ts';

/** One body, or one value of it, and the call it came with. */
export interface SeenJson {
  readonly har: number;
  /** Unix milliseconds. */
  readonly at: number;
  readonly value: JsonValue;
}

/**
 * One slot for values whose structure differs: members seen sometimes become optional, lists of several
 * lengths become lists within bounds.
 */
export function mergeJson(seen: readonly SeenJson[], place = ''): JsonSlot {
  const byType = [...groupBy(seen, ({ value }) => jsonTypeOf(value)).values()];
  const slots = byType.map((alike) => mergeAlike(alike, place));
  return slots.length === 1 ? (slots[0] ?? null) : { anyOf: slots };
}

function mergeAlike(seen: readonly SeenJson[], place: string): JsonSlot {
  const objects = seen.flatMap(({ value, ...call }) => (isJsonObject(value) ? [{ ...call, value }] : []));
  if (objects.length > 0) {
    const names = new Set(objects.flatMap(({ value }) => [...value.keys()]));
    const withName = (name: string) =>
      objects.flatMap(({ value, ...call }) => {
        const member = value.get(name);
        return member === undefined ? [] : [{ ...call, value: member }];
      });
    const optional = [...names].filter((name) => withName(name).length < objects.length);
    const members = Array.from(names, (name): [string, JsonSlot] => [
      name,
      mergeJson(withName(name), `${place}/${name}`),
    ]);
    return { object: Object.fromEntries(members), ...(optional.length === 0 ? {} : { optional }) };
  }
  const lists = seen.flatMap(({ value, ...call }) => (isJsonArray(value) ? [{ ...call, value }] : []));
  if (lists.length > 0) return mergeLists(lists, place);
  return mergeScalars(seen, place);
}

function mergeLists(lists: readonly (SeenJson & { value: readonly JsonValue[] })[], place: string): JsonSlot {
  const lengths = lists.map(({ value }) => value.length);
  const [least, most] = [Math.min(...lengths), Math.max(...lengths)];
  if (least === most) {
    const at = (index: number) =>
      lists.map(({ value, ...call }) => ({ ...call, value: value[index] ?? null }));
    return { array: Array.from({ length: least }, (_, index) => mergeJson(at(index), `${place}/${index}`)) };
  }
  const elements = lists.flatMap(({ value, ...call }) =>
    value.map((element) => ({ ...call, value: element })),
  );
  return { each: mergeJson(elements, `${place}/each`), min: least, max: 2 * most };
}

function mergeScalars(seen: readonly SeenJson[], place: string): JsonSlot {
  const values = seen.flatMap(({ value }): JsonScalar[] =>
    isJsonObject(value) || isJsonArray(value) ? [] : [value],
  );
  const times = seen.flatMap(({ har, at }, index) => {
    const time = guessTime(values[index] ?? null, at, false);
    return time === undefined ? [] : [{ har, at, ...time }];
  });
  const [first] = times;
  if (
    first !== undefined &&
    times.length === seen.length &&
    times.every(({ format }) => format === first.format)
  ) {
    const { relative, step } = timeWindow(place, first.format, times);
    const fraction = Math.max(...times.map((time) => time.fraction));
    const time = { format: first.format, fraction, relative, ...(step === undefined ? {} : { step }) };
    return typeof values[0] === 'string' ? { string: { time } } : { time };
  }
  if (values.every((value) => value === values[0])) return values[0] ?? null;
  const set = [...new Set(values)];
  // What comes again is one of a few; what never does is free within bounds.
  return set.length < values.length
    ? { oneOf: set }
    : guessJsonSlot(values, { place, hars: seen.map(({ har }) => har) });
}
