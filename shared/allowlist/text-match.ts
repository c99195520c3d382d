import { characterPatterns } from './character-class.ts';
import { isHashedName } from './hashed-name.ts';
import { once } from './intern.ts';
import { matchJson } from './json-match.ts';
import { parseJson } from './json-parse.ts';
import type { MatchContext } from './match-context.ts';
import { Refused } from './refused.ts';
import type { Around, DecimalRange, IntegerRange, TextSlot, TimeRange } from './slot.ts';
import { isInRange, readTime } from './time-value.ts';

/** Gives the value to write to the on-prem side, or undefined when the value received does not fit. */
export type TextMatch = (value: string, context: MatchContext) => string | undefined;

/** Makes a slot ready for matching. */
export const matchText: (slot: TextSlot) => TextMatch = once(makeTextMatch);

function makeTextMatch(slot: TextSlot): TextMatch {
  if (typeof slot === 'string') return (value) => (value === slot ? slot : undefined);
  if ('oneOf' in slot) {
    const set = new Set(slot.oneOf);
    return (value) => (set.has(value) ? value : undefined);
  }
  if ('integer' in slot) return matchInteger(slot.integer);
  if ('decimal' in slot) return matchDecimal(slot.decimal);
  if ('time' in slot) return matchTime(slot.time);
  if ('text' in slot) {
    const pattern = characterPatterns[slot.text.characters];
    const { min = 0, max } = slot.text;
    return (value) => (value.length >= min && value.length <= max && pattern.test(value) ? value : undefined);
  }
  if ('around' in slot) return matchAround(slot.around);
  if ('hashedName' in slot) {
    const { hashedName } = slot;
    return (value) => (isHashedName(value, hashedName) ? value : undefined);
  }
  if ('json' in slot) {
    const match = matchJson(slot.json);
    return (value, context) => {
      const parsed = tryParseJson(value);
      return parsed === undefined ? undefined : match(parsed, context);
    };
  }
  const choices = slot.anyOf.map(matchText);
  return (value, context) => {
    for (const choice of choices) {
      const written = choice(value, context);
      if (written !== undefined) return written;
    }
    return undefined;
  };
}

const integers = /^(?:0|-?[1-9][0-9]{0,15})$/;

function matchInteger({ min, max }: IntegerRange): TextMatch {
  return (value) => {
    if (!integers.test(value)) return undefined;
    const number = Number(value);
    return number >= min && number <= max && Number.isSafeInteger(number) ? value : undefined;
  };
}

const decimals = /^-?(?:0|[1-9][0-9]{0,15})(?:\.([0-9]{1,15}))?$/;

function matchDecimal({ min, max, places }: DecimalRange): TextMatch {
  return (value) => {
    const match = decimals.exec(value);
    if (match === null || (match[1]?.length ?? 0) > places || value === '-0') return undefined;
    const number = Number(value);
    return number >= min && number <= max ? value : undefined;
  };
}

/** Matches and, when `spans` need it, remembers the moment under its name. */
export function matchTime(range: TimeRange): TextMatch {
  const { format, fraction = 0, name } = range;
  return (value, context) => {
    const moment = readTime(value, format, fraction);
    if (moment === undefined || !isInRange(range, moment, context.now)) return undefined;
    if (name !== undefined) context.times?.set(name, moment);
    return value;
  };
}

function matchAround({ before, inner, after }: Around): TextMatch {
  const match = matchText(inner);
  const fixed = before.length + after.length;
  return (value, context) => {
    if (value.length < fixed || !value.startsWith(before) || !value.endsWith(after)) return undefined;
    const written = match(value.slice(before.length, value.length - after.length), context);
    return written === undefined ? undefined : before + written + after;
  };
}

function tryParseJson(text: string) {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof Refused) return undefined;
    throw error;
  }
}
