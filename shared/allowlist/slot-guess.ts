import { characterPatterns } from './character-class.ts';
import { holdsHash, extensionOf, isHashedName } from './hashed-name.ts';
import { characterClasses, type JsonScalar, type JsonSlot, type TextSlot } from './slot.ts';

/** The narrowest slot for texts that were seen to change, the oldest first. */
export function guessTextSlot(texts: readonly string[]): TextSlot {
  const numbers = texts.map(Number);
  if (texts.every((text) => /^(?:0|-?[1-9][0-9]{0,14})$/.test(text))) return { integer: widen(numbers) };
  if (texts.every((text) => /^-?(?:0|[1-9][0-9]{0,11})(?:\.[0-9]{1,15})?$/.test(text))) {
    return { decimal: { ...widen(numbers), places: placesOf(texts) } };
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
  const inner = guessTextSlot(texts.map((text) => text.slice(before.length, text.length - after.length)));
  return { around: { before, inner, after } };
}

/** The same for values of a JSON body. */
export function guessJsonSlot(values: readonly JsonScalar[]): JsonSlot {
  if (values.every((value) => typeof value === 'string')) return { string: guessTextSlot(values) };
  if (values.every((value) => typeof value === 'number')) {
    if (values.every((value) => Number.isSafeInteger(value))) return { integer: widen(values) };
    const texts = values.map(String);
    if (texts.every((text) => !text.includes('e')))
      return { decimal: { ...widen(values), places: placesOf(texts) } };
  }
  return { oneOf: [...new Set(values)] };
}

/** Polls that a page may make while it is open, for values that count up. */
const polls = 1_000_000;

/** What only grows is a counter; what goes up and down may go as far again. */
function widen(values: readonly number[]): { min: number; max: number } {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const rises = values.every((value, at) => at === 0 || value > (values[at - 1] ?? 0));
  const spread = most - least;
  const steepest = Math.max(...values.slice(1).map((value, at) => value - (values[at] ?? 0)), 0);
  const max = rises && Number.isSafeInteger(spread) ? most + polls * steepest : most + spread;
  const min = rises ? least : Math.max(least - spread, least >= 0 ? 0 : -Infinity);
  return { min: Math.max(min, -Number.MAX_SAFE_INTEGER), max: Math.min(max, Number.MAX_SAFE_INTEGER) };
}

const placesOf = (texts: readonly string[]) =>
  Math.max(2, ...texts.map((text) => /\.(\d+)$/.exec(text)?.[1]?.length ?? 0));

function boundedText(texts: readonly string[]): TextSlot {
  const lengths = texts.map(({ length }) => length);
  const [least, most] = [Math.min(...lengths), Math.max(...lengths)];
  const characters =
    characterClasses.find((one) => texts.every((text) => characterPatterns[one].test(text))) ?? 'lines';
  if (least === most && most > 0) return { text: { characters, min: most, max: most } };
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
  return separated ?? /^[A-Za-z]{4,}$/.exec(start)?.[0] ?? '';
}

function commonEnd(texts: readonly string[]): string {
  const reversed = (text: string) => Array.from(text).reverse().join('');
  return reversed(commonStart(texts.map(reversed)));
}
