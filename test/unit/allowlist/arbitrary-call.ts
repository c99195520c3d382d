import fc from 'fast-check';
import type { Body, Parameter } from '../../../shared/allowlist/rule.ts';
import type { JsonSlot, TextSlot } from '../../../shared/allowlist/slot.ts';
import { noon, type RuleWithoutId } from './asking.ts';

/** A rule and one call that it admits, in decoded form. */
export interface Call {
  readonly rule: RuleWithoutId;
  readonly path: readonly string[];
  readonly query: readonly (readonly [string, string])[];
  readonly form?: readonly (readonly [string, string])[];
  readonly json?: unknown;
}

interface Pair<S, V> {
  slot: S;
  value: V;
}

const text = fc
  .string({ unit: 'binary', maxLength: 12 })
  .map((raw) => raw.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, ''));
const nasty = fc.constantFrom(
  'a%2fb',
  'a&b=c',
  ';',
  '+',
  ' ',
  '%',
  '100%',
  "'",
  '"',
  '\\',
  '#?',
  'é',
  '😀',
  '..',
  '/',
  '[]',
  '日本',
);
const literal = fc.oneof(text, nasty);
const word = fc.stringMatching(/^[a-z0-9_-]{1,8}$/);

const textPair: fc.Arbitrary<Pair<TextSlot, string>> = fc.oneof(
  literal.map((value) => ({ slot: value, value })),
  fc.tuple(literal, literal).map(([value, other]) => ({ slot: { oneOf: [other, value] }, value })),
  fc
    .integer()
    .map((number) => ({ slot: { integer: { min: number - 3, max: number + 3 } }, value: `${number}` })),
  fc.integer({ min: -1000, max: 1000 }).map((offset) => ({
    slot: { time: { format: 'unix-ms' as const, relative: [-1000, 1000] as const } },
    value: `${noon + offset}`,
  })),
  word.map((value) => ({ slot: { text: { characters: 'word' as const, max: 8 } }, value })),
  fc.tuple(literal, word).map(([before, value]) => ({
    slot: { around: { before, inner: { text: { characters: 'word' as const, max: 8 } }, after: '!' } },
    value: `${before}${value}!`,
  })),
);

const segmentPair: fc.Arbitrary<Pair<TextSlot, string>> = fc.oneof(
  fc
    .oneof(
      word,
      fc.constantFrom('a b', 'é', 'a+b', 'x/y', 'a%2fb', 'a;b', 'x:y@z', '日本', '(1)', '~', 'a|b', '{x}'),
    )
    .map((value) => ({ slot: value, value })),
  fc
    .integer({ min: 0 })
    .map((number) => ({ slot: { integer: { min: 0, max: number } }, value: `${number}` })),
  word.map((value) => ({ slot: { text: { characters: 'word' as const, max: 8 } }, value })),
);

const name = fc.oneof(word, fc.constantFrom('match[]', 'a.b', 'a b', 'é', 'x+y', 'a=b', '%41'));

interface Pairs {
  parameters: Parameter[];
  values: (readonly [string, string])[];
}

const parameterPairs: fc.Arbitrary<Pairs> = fc
  .uniqueArray(fc.record({ name, pair: textPair, twice: fc.boolean(), plus: fc.boolean() }), {
    selector: (one) => one.name,
    maxLength: 4,
  })
  .map((list) => ({
    parameters: list.map(({ name, pair, twice, plus }) => ({
      name,
      ...(twice ? { values: [pair.slot, pair.slot] } : { value: pair.slot }),
      ...(plus ? { plus } : {}),
    })),
    values: list.flatMap(
      ({ name, pair, twice }) =>
        (twice
          ? [
              [name, pair.value],
              [name, pair.value],
            ]
          : [[name, pair.value]]) as [string, string][],
    ),
  }));

const { json: jsonPair } = fc.letrec<{ json: Pair<JsonSlot, unknown> }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null)).map((value) => ({ slot: value, value })),
    textPair.map(({ slot, value }) => ({ slot: { string: slot }, value })),
    fc.integer().map((number) => ({ slot: { integer: { min: number, max: number + 5 } }, value: number })),
    fc.array(tie('json'), { maxLength: 3 }).map((pairs) => ({
      slot: { array: pairs.map(({ slot }) => slot) },
      value: pairs.map(({ value }) => value),
    })),
    fc.dictionary(word, tie('json'), { maxKeys: 3 }).map((pairs) => ({
      slot: { object: Object.fromEntries(Object.entries(pairs).map(([key, { slot }]) => [key, slot])) },
      value: Object.fromEntries(Object.entries(pairs).map(([key, { value }]) => [key, value])),
    })),
  ),
}));

type WithBody = Pick<Call, 'form' | 'json'> & { body?: Body };

const bodies: fc.Arbitrary<WithBody> = fc.oneof(
  fc.constant({}),
  parameterPairs
    .filter(({ values }) => values.length > 0)
    .map(({ parameters, values }) => ({
      body: { kind: 'form' as const, contentType: 'application/x-www-form-urlencoded', form: parameters },
      form: values,
    })),
  jsonPair.map(({ slot, value }) => ({
    body: { kind: 'json' as const, contentType: 'application/json', json: slot },
    json: value,
  })),
);

export const calls: fc.Arbitrary<Call> = fc
  .record({
    path: fc.array(segmentPair, { minLength: 1, maxLength: 4 }),
    query: parameterPairs,
    content: bodies,
  })
  .map(({ path, query, content: { body, ...content } }) => ({
    rule: {
      method: body === undefined ? ('GET' as const) : ('POST' as const),
      path: path.map(({ slot }) => slot),
      query: query.parameters,
      ...(body === undefined ? {} : { body }),
    },
    path: path.map(({ value }) => value),
    query: query.values,
    ...content,
  }));

/** One of many ways to write the same text in a URL: some characters encoded that need not be. */
export function encodeOddly(value: string, choices: () => number, plus: boolean): string {
  return Array.from(value, (character) => {
    const choice = choices();
    if (plus && character === ' ' && choice % 2 === 0) return '+';
    if (/^[A-Za-z0-9_.~-]$/.test(character) && choice % 4 !== 0) return character;
    const triplets = Array.from(
      Buffer.from(character, 'utf8'),
      (byte) => `%${byte.toString(16).padStart(2, '0')}`,
    );
    return choice % 3 === 0 ? triplets.join('').toUpperCase() : triplets.join('');
  }).join('');
}
