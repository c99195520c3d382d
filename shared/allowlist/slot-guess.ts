import { characterPatterns } from './character-class.ts';
import { holdsHash, extensionOf, isHashedName } from './hashed-name.ts';
import { characterClasses, type JsonScalar, type JsonSlot, type TextSlot } from './slot.ts';

/** Where changing values were seen. */
export interface ValueOrigin {
  readonly place: string;
  /** The recording of each value; a counter may start anew with each. */
  readonly hars: readonly number[];
}

/**
 * The narrowest slot for texts that were seen to change.
 * @param texts the oldest first
 */
export function guessTextSlot(texts: readonly string[], origin: ValueOrigin): TextSlot {
  const numbers = texts.map(Number);
  if (texts.every((text) => /^(?:0|-?[1-9][0-9]{0,14})$/.test(text)))
    return { integer: widen(numbers, origin) };
  if (texts.every((text) => /^-?(?:0|[1-9][0-9]{0,11})(?:\.[0-9]{1,15})?$/.test(text))) {
    return { decimal: { ...widen(numbers, origin), places: placesOf(texts) } };
  }
  if (texts.every(holdsHash)) {
    const extensions = [...new Set(texts.map(extensionOf))];
    const hashedName = {
      extensions,
      max: Math.min(255, Math.max(...texts.map(({ length }) => length)) + 16),
    };
    if (texts.every((text) => isHashedName(text, hashedName))) return { hashedName };
  }
  const before = commonStart(texts);
  const after = commonEnd(texts.map((text) => text.slice(before.length)));
  if (before === '' && after === '') return boundedText(texts);
  const inner = guessTextSlot(
    texts.map((text) => text.slice(before.length, text.length - after.length)),
    origin,
  );
  return { around: { before, inner, after } };
}

/** The same for values of a JSON body. */
export function guessJsonSlot(values: readonly JsonScalar[], origin: ValueOrigin): JsonSlot {
  if (values.every((value) => typeof value === 'string')) return { string: guessTextSlot(values, origin) };
  if (values.every((value) => typeof value === 'number')) {
    if (values.every((value) => Number.isSafeInteger(value))) return { integer: widen(values, origin) };
    const texts = values.map(String);
    if (texts.every((text) => !text.includes('e')))
      return { decimal: { ...widen(values, origin), places: placesOf(texts) } };
  }
  return { oneOf: [...new Set(values)] };
}

/** Polls that a page may make while it is open, for values that count up. */
const polls = 1_000_000;
/** Windows of viewers are a quarter to four times as large as those recorded. */
const sizes = 4;

function widen(values: readonly number[], { place, hars }: ValueOrigin): { min: number; max: number } {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  if (least >= 0 && sizeNames.test(place))
    return { min: Math.floor(least / sizes), max: Math.ceil(most * sizes) };
  const steps = values.map((value, at) => ({
    rise: value - (values[at - 1] ?? value),
    again: hars[at] === hars[at - 1],
  }));
  const within = steps.filter(({ again }) => again);
  const rises = (within.length > 0 ? within : steps.slice(1)).map(({ rise }) => rise);
  const spread = most - least;
  // Two values may be anything; a segment of a path hardly counts.
  const mayCount = values.length > 2 && !place.startsWith('path ') && Number.isSafeInteger(spread);
  const counts = mayCount && rises.every((rise) => rise > 0);
  const max = counts ? most + polls * Math.max(...rises) : most + spread;
  const min = counts ? least : Math.max(least - spread, least >= 0 ? 0 : -Infinity);
  return { min: Math.max(min, -Number.MAX_SAFE_INTEGER), max: Math.min(max, Number.MAX_SAFE_INTEGER) };
}

/** Values that follow the size of the viewer's window. */
export const sizeNames =
  /(?:^|[ /._-])(?:width|height|w|h|maxDataPoints|max_data_points|points|interval(?:Ms)?|step|resolution|dpr)$/i;

const placesOf = (texts: readonly string[]) =>
  Math.max(2, ...texts.map((text) => /\.(\d+)$/.exec(text)?.[1]?.length ?? 0));

const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

function boundedText(texts: readonly string[]): TextSlot {
  const lengths = texts.map(({ length }) => length);
  const [least, most] = [Math.min(...lengths), Math.max(...lengths)];
  const characters =
    characterClasses.find((one) => texts.every((text) => characterPatterns[one].test(text))) ?? 'lines';
  // Digests have one length; random numbers have not.
  if (least === most && (characters === 'hex' || texts.every((text) => uuid.test(text)))) {
    return { text: { characters, min: most, max: most } };
  }
  return { text: { characters, max: Math.ceil(most * 1.5) + 8 } };
}

/** A common start counts when it ends at a separator or is too long for chance. */
function commonStart(texts: readonly string[]): string {
  const [first = ''] = texts;
  let length = 0;
  while (length < first.length && texts.every((text) => text[length] === first[length])) length++;
  const start = first.slice(0, length);
  if (texts.some((text) => text.length === length)) return '';
  const rests = texts.map((text) => text.slice(length));
  const wordThenNumber = /^(.*[^0-9])[0-9]*$/s.exec(start)?.[1];
  if (wordThenNumber !== undefined && rests.every((rest) => /^[0-9]+$/.test(rest))) return wordThenNumber;
  const separated = /^.*[^A-Za-z0-9]/s.exec(start)?.[0];
  return separated ?? /^[A-Za-z]{4,}(?=[0-9]*$)/.exec(start)?.[0] ?? '';
}

function commonEnd(texts: readonly string[]): string {
  const reversed = (text: string) => Array.from(text).reverse().join('');
  return reversed(commonStart(texts.map(reversed)));
}
