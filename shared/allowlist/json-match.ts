import { once } from './intern.ts';
import { isJsonArray, isJsonObject, type JsonValue } from './json-value.ts';
import type { MatchContext } from './match-context.ts';
import type { JsonSlot } from './slot.ts';
import { matchText, matchTime } from './text-match.ts';

/** Gives JSON text to write to the on-prem side, or undefined when the value received does not fit. */
export type JsonMatch = (value: JsonValue, context: MatchContext) => string | undefined;

/** Makes a slot ready for matching. */
export const matchJson: (slot: JsonSlot) => JsonMatch = once(makeJsonMatch);

function makeJsonMatch(slot: JsonSlot): JsonMatch {
  if (typeof slot !== 'object' || slot === null) {
    const written = JSON.stringify(slot);
    return (value) => (value === slot ? written : undefined);
  }
  if ('oneOf' in slot) {
    const written = new Map<JsonValue, string>(slot.oneOf.map((scalar) => [scalar, JSON.stringify(scalar)]));
    return (value) => written.get(value);
  }
  if ('integer' in slot) {
    const { min, max } = slot.integer;
    return onNumber((value, text) =>
      Number.isSafeInteger(value) && value >= min && value <= max ? text : undefined,
    );
  }
  if ('decimal' in slot) {
    const { min, max } = slot.decimal;
    const pattern = new RegExp(`^-?[0-9]+(?:\\.[0-9]{1,${Math.max(1, slot.decimal.places)}})?$`);
    const whole = slot.decimal.places === 0;
    return onNumber((value, text) =>
      value >= min && value <= max && pattern.test(text) && (!whole || Number.isInteger(value))
        ? text
        : undefined,
    );
  }
  if ('time' in slot) {
    const match = matchTime(slot.time);
    return onNumber((_value, text, context) => match(text, context));
  }
  if ('string' in slot) {
    const match = matchText(slot.string);
    return (value, context) => {
      const written = typeof value === 'string' ? match(value, context) : undefined;
      return written === undefined ? undefined : JSON.stringify(written);
    };
  }
  if ('object' in slot) return matchObject(slot.object, slot.optional ?? []);
  if ('array' in slot) return matchArray(slot.array);
  if ('each' in slot) return matchEach(slot.each, slot.min, slot.max);
  const choices = slot.anyOf.map(matchJson);
  return (value, context) => {
    for (const choice of choices) {
      const written = choice(value, context);
      if (written !== undefined) return written;
    }
    return undefined;
  };
}

type NumberMatch = (value: number, text: string, context: MatchContext) => string | undefined;

const onNumber =
  (match: NumberMatch): JsonMatch =>
  (value, context) =>
    typeof value === 'number' ? match(value, String(value), context) : undefined;

function matchObject(object: Readonly<Record<string, JsonSlot>>, optional: readonly string[]): JsonMatch {
  const members = Object.entries(object).map(([name, slot]) => ({
    name,
    written: `${JSON.stringify(name)}:`,
    match: matchJson(slot),
    optional: optional.includes(name),
  }));
  return (value, context) => {
    if (!isJsonObject(value)) return undefined;
    let text = '';
    let seen = 0;
    for (const member of members) {
      const content = value.get(member.name);
      if (content === undefined) {
        if (member.optional) continue;
        return undefined;
      }
      const written = member.match(content, context);
      if (written === undefined) return undefined;
      text += (seen++ === 0 ? '' : ',') + member.written + written;
    }
    return seen === value.size ? `{${text}}` : undefined;
  };
}

function matchArray(slots: readonly JsonSlot[]): JsonMatch {
  const matches = slots.map(matchJson);
  return (value, context) =>
    isJsonArray(value) && value.length === matches.length
      ? joined(value, (at) => matches[at], context)
      : undefined;
}

function matchEach(slot: JsonSlot, min: number, max: number): JsonMatch {
  const match = matchJson(slot);
  return (value, context) =>
    isJsonArray(value) && value.length >= min && value.length <= max
      ? joined(value, () => match, context)
      : undefined;
}

function joined(
  elements: readonly JsonValue[],
  matchAt: (at: number) => JsonMatch | undefined,
  context: MatchContext,
): string | undefined {
  const texts: string[] = [];
  for (const [at, element] of elements.entries()) {
    const written = matchAt(at)?.(element, context);
    if (written === undefined) return undefined;
    texts.push(written);
  }
  return `[${texts.join(',')}]`;
}
