import { characterWords } from './character-class.ts';
import { quote } from './quote.ts';
import type { JsonSlot, TextSlot, TimeFormat, TimeRange } from './slot.ts';

/** What a value may be, in words: `“up”`, `a whole number from 1 to 60`, `a time from 1 hour ago to now`. */
export function textSlotWords(slot: TextSlot): string {
  if (typeof slot === 'string') return quote(slot);
  if ('oneOf' in slot) return listWords(slot.oneOf.map(quote), 'or');
  if ('text' in slot) {
    const { characters, min = 0, max } = slot.text;
    const length = min === max ? `${max}` : min === 0 ? `up to ${max}` : `${min} to ${max}`;
    return `any text of ${length} characters (${characterWords[characters]})`;
  }
  if ('around' in slot) {
    const { before, inner, after } = slot.around;
    return [before === '' ? [] : [quote(before)], [textSlotWords(inner)], after === '' ? [] : [quote(after)]]
      .flat()
      .join(' then ');
  }
  if ('hashedName' in slot) {
    return `any file name with a content hash (${listWords(
      slot.hashedName.extensions.map((one) => `.${one}`),
      'or',
    )})`;
  }
  if ('json' in slot) return `JSON ${jsonSlotWords(slot.json)}`;
  if ('anyOf' in slot) return slot.anyOf.map(textSlotWords).join(' or ');
  return rangeWords(slot);
}

/** The same for a value in a JSON body; texts are in quotes, other literals as JSON writes them. */
export function jsonSlotWords(slot: JsonSlot): string {
  if (typeof slot === 'string') return quote(slot);
  if (typeof slot !== 'object' || slot === null) return String(slot);
  if ('oneOf' in slot) {
    return listWords(
      slot.oneOf.map((one) => (typeof one === 'string' ? quote(one) : String(one))),
      'or',
    );
  }
  if ('string' in slot) return textSlotWords(slot.string);
  if ('object' in slot) {
    const members = Object.entries(slot.object).map(
      ([name, member]) =>
        `${name}${slot.optional?.includes(name) === true ? ' (optional)' : ''}: ${jsonSlotWords(member)}`,
    );
    return `{${members.join(', ')}}`;
  }
  if ('array' in slot) return `[${slot.array.map(jsonSlotWords).join(', ')}]`;
  if ('each' in slot) return `a list of ${slot.min} to ${slot.max}, each ${jsonSlotWords(slot.each)}`;
  if ('anyOf' in slot) return slot.anyOf.map(jsonSlotWords).join(' or ');
  return rangeWords(slot);
}

type Range = Extract<TextSlot, { integer: unknown } | { decimal: unknown } | { time: unknown }>;

function rangeWords(slot: Range): string {
  if ('integer' in slot) return `a whole number from ${slot.integer.min} to ${slot.integer.max}`;
  if ('decimal' in slot) {
    const { min, max, places } = slot.decimal;
    return `a number from ${min} to ${max} with up to ${places} decimals`;
  }
  return timeWords(slot.time);
}

const formatWords: Readonly<Record<TimeFormat, string>> = {
  'unix-s': 'Unix seconds',
  'unix-ms': 'Unix milliseconds',
  'unix-us': 'Unix microseconds',
  'unix-ns': 'Unix nanoseconds',
  rfc3339: 'RFC 3339',
  local: 'date and time',
  date: 'date',
};

function timeWords({ format, relative, absolute, step }: TimeRange): string {
  const aligned = step === undefined ? '' : `, in steps of ${durationWords(step)}`;
  const [from, to] = relative ?? absolute ?? [0, 0];
  const range =
    relative === undefined
      ? `from ${new Date(from).toISOString()} to ${new Date(to).toISOString()}`
      : `from ${offsetWords(from)} to ${offsetWords(to)}`;
  return `a time ${range}${aligned} (${formatWords[format]})`;
}

function offsetWords(offset: number): string {
  if (offset === 0) return 'now';
  return offset < 0 ? `${durationWords(-offset)} ago` : `${durationWords(offset)} from now`;
}

const units: readonly (readonly [string, number])[] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
];

/** A length of time in its two largest units: `1 hour 10 minutes`. */
export function durationWords(milliseconds: number): string {
  const first = units.findIndex(([, unit]) => milliseconds >= unit);
  if (first === -1) return `${milliseconds} ms`;
  let rest = milliseconds;
  const words: string[] = [];
  for (const [name, unit] of units.slice(first, first + 2)) {
    const count = Math.floor(rest / unit);
    rest -= count * unit;
    if (count > 0) words.push(`${count} ${name}${count === 1 ? '' : 's'}`);
  }
  return words.join(' ');
}

const mostListed = 8;

/** `a, b or c`; long lists are cut and counted. */
export function listWords(items: readonly string[], conjunction: 'and' | 'or'): string {
  if (items.length > mostListed) {
    return `${items.slice(0, mostListed).join(', ')} ${conjunction} ${items.length - mostListed} more`;
  }
  const last = items.at(-1) ?? '';
  return items.length < 2 ? last : `${items.slice(0, -1).join(', ')} ${conjunction} ${last}`;
}
