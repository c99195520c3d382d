import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { parseJson } from '../../../shared/allowlist/json-parse.ts';
import { writeJson, type JsonValue } from '../../../shared/allowlist/json-value.ts';
import { Refused } from '../../../shared/allowlist/refused.ts';

interface Suite {
  cases: Record<string, string>;
}

const suite = JSON.parse(readFileSync('test/data/allowlist/json-test-suite.json', 'utf8')) as Suite;
const cases = Object.entries(suite.cases).map(([name, base64]) => ({
  name,
  bytes: Buffer.from(base64, 'base64'),
}));

/** Valid JSON (RFC 8259 section 4 and 6 leave its meaning open) that we refuse because readers differ on it. */
const refusedOnPurpose = new Set([
  'y_object_duplicated_key',
  'y_object_duplicated_key_and_value',
  'y_object_escaped_null_in_key',
  'y_string_null_escape',
  'y_number_minus_zero',
  'y_number_negative_zero',
]);

/** Undefined when refused. */
function read(bytes: Uint8Array): JsonValue | undefined {
  if (!isUtf8(bytes)) return undefined;
  try {
    return parseJson(Buffer.from(bytes).toString('utf8'));
  } catch (error) {
    if (error instanceof Refused) return undefined;
    throw error;
  }
}

const named = (start: string) => cases.filter(({ name }) => name.startsWith(start));

describe('JSONTestSuite', () => {
  test.each(named('y_').filter(({ name }) => !refusedOnPurpose.has(name)))(
    '$name is read as JSON.parse reads it',
    ({ bytes }) => {
      const value = read(bytes);
      expect(value).toBeDefined();
      expect(JSON.parse(writeJson(value ?? null))).toEqual(JSON.parse(bytes.toString('utf8')));
    },
  );

  test.each(named('y_').filter(({ name }) => refusedOnPurpose.has(name)))(
    '$name is refused on purpose',
    ({ bytes }) => {
      expect(read(bytes)).toBeUndefined();
    },
  );

  test.each(named('n_'))('$name is refused', ({ bytes }) => {
    expect(read(bytes)).toBeUndefined();
  });

  test.each(named('i_'))('$name is refused or read exactly', ({ bytes }) => {
    const value = read(bytes);
    if (value !== undefined) expect(JSON.parse(writeJson(value))).toEqual(JSON.parse(bytes.toString('utf8')));
  });

  test('a hundred thousand opening brackets are refused without using up the stack', () => {
    expect(() => parseJson('['.repeat(100_000))).toThrow(Refused);
    expect(() => parseJson('[{"":'.repeat(50_000))).toThrow(Refused);
  });
});

describe('what readers take differently', () => {
  test.each([
    ['a byte order mark', '\ufeff{}'],
    ['a repeated member', '{"a":1,"a":1}'],
    ['a member repeated with an escape', '{"a":1,"\\u0061":2}'],
    ['__proto__', '{"__proto__":{}}'],
    ['__proto__ with an escape', '{"\\u005f_proto__":1}'],
    ['__proto__ deep inside', '[{"a":{"__proto__":null}}]'],
    ['a lone high surrogate', '"\\ud800"'],
    ['a lone low surrogate', '"\\udc00x"'],
    ['NUL', '"a\\u0000b"'],
    ['an integer beyond 2^53', '9007199254740993'],
    ['a fraction that no double holds', '0.10000000000000000001'],
    ['an overflow', '1e400'],
    ['an underflow', '1e-400'],
    ['minus zero', '-0'],
    ['minus zero with a fraction', '-0.0'],
    ['a leading zero', '01'],
    ['hexadecimal', '0x10'],
    ['a plus sign', '+1'],
    ['NaN', 'NaN'],
    ['a comment', '{}/**/'],
    ['a trailing comma', '[1,]'],
    ['single quotes', "{'a':1}"],
    ['two values', '{}{}'],
    ['nothing', ''],
    ['33 levels', '['.repeat(33) + ']'.repeat(33)],
  ])('%s is refused', (_name, text) => {
    expect(() => parseJson(text)).toThrow(Refused);
  });

  test.each([
    ['32 levels', '['.repeat(32) + ']'.repeat(32), '['.repeat(32) + ']'.repeat(32)],
    ['a whole number with a fraction', '1.0', '1'],
    ['a whole number with an exponent', '1E2', '100'],
    ['a decimal', '0.1', '0.1'],
    ['a large power of ten', '1e21', '1e+21'],
    ['an escaped surrogate pair', '"\\ud83d\\ude00"', '"😀"'],
    ['escapes nobody needs', '"\\u0041\\/"', '"A/"'],
    ['white space', ' {\t"a" :\r\n[ ] } ', '{"a":[]}'],
    ['names of the prototype', '{"constructor":1,"toString":2}', '{"constructor":1,"toString":2}'],
  ])('%s is read and written plainly', (_name, text, written) => {
    expect(writeJson(parseJson(text))).toBe(written);
  });
});

test('what JSON.stringify writes is read back as the same value', () => {
  const values = fc.jsonValue({ maxDepth: 6 }).filter((value) => !JSON.stringify(value).includes('\\u0000'));
  fc.assert(
    fc.property(values, (value) => {
      fc.pre(!JSON.stringify(value).includes('"__proto__":'));
      const text = JSON.stringify(value);
      expect(writeJson(parseJson(text))).toBe(text);
    }),
  );
});

test('whatever text is read, JSON.parse reads our writing of it as the same value', () => {
  const noise = fc.array(fc.constantFrom(...'{}[]":,\\u0041e+-.19truefalsn ul\n\ud800__proto__'.split('')), {
    maxLength: 24,
  });
  fc.assert(
    fc.property(noise, (pieces) => {
      const text = pieces.join('');
      let value: JsonValue;
      try {
        value = parseJson(text);
      } catch (error) {
        expect(error).toBeInstanceOf(Refused);
        return;
      }
      expect(JSON.parse(writeJson(value))).toEqual(JSON.parse(text));
    }),
    { numRuns: 3000 },
  );
});
