import { limits } from '../../../shared/allowlist/limits.ts';
import { allowlistSchema, type Rule } from '../../../shared/allowlist/rule.ts';

const rule: Rule = { id: 'r1', method: 'GET', path: ['x'] };
const reads = (...rules: unknown[]) => allowlistSchema.safeParse({ version: 1, rules });

test('an allowlist survives JSON', () => {
  const allowlist = {
    version: 1,
    rules: [
      {
        ...rule,
        method: 'POST',
        query: [{ name: 'a', value: { oneOf: ['b'] }, optional: true }],
        body: {
          kind: 'json',
          contentType: 'application/json',
          json: { object: { a: { each: 1, min: 0, max: 2 } }, optional: ['a'] },
        },
        spans: [{ from: 'a', to: 'b', min: 0, max: 1 }],
      },
    ],
  };
  expect(allowlistSchema.parse(JSON.parse(JSON.stringify(allowlist)))).toEqual(allowlist);
});

test.each<[string, Record<string, unknown>]>([
  ['an unknown member', { extra: 1 }],
  ['an unknown method', { method: 'TRACE' }],
  ['a lower-case method', { method: 'get' }],
  ['no path', { path: [] }],
  ['a dot segment', { path: ['a', '..'] }],
  ['a hidden dot segment', { path: ['..%2fadmin'] }],
  ['a deeply hidden dot segment', { path: ['%252e%252e'] }],
  ['a control character in the path', { path: ['a\nb'] }],
  ['a path of two slashes', { path: ['', 'evil.example'] }],
  ['half a surrogate pair', { path: ['\ud800'] }],
  ['NUL', { query: [{ name: 'a', value: '\0' }] }],
  ['a parameter named __proto__', { query: [{ name: '__proto__', value: '' }] }],
  ['a parameter that overrides the method', { query: [{ name: '_method', value: 'PUT' }] }],
  [
    'a parameter named twice',
    {
      query: [
        { name: 'a', value: '' },
        { name: 'a', value: '' },
      ],
    },
  ],
  ['a parameter without value', { query: [{ name: 'a' }] }],
  ['a parameter with two kinds of value', { query: [{ name: 'a', value: '', values: [''] }] }],
  ['a bare parameter with a value', { query: [{ name: 'a', value: 'x', bare: true }] }],
  ['a parameter without name and not bare', { query: [{ name: '', value: 'x' }] }],
  ['a body on GET', { body: { kind: 'form', contentType: 'application/x-www-form-urlencoded', form: [] } }],
  [
    'a body of another kind than its type',
    { method: 'POST', body: { kind: 'json', contentType: 'text/plain', json: 1 } },
  ],
  [
    'a body in parts',
    { method: 'POST', body: { kind: 'text', contentType: 'multipart/form-data', text: '' } },
  ],
  [
    'a body in another charset',
    { method: 'POST', body: { kind: 'json', contentType: 'application/json; charset=utf-16', json: 1 } },
  ],
  [
    'optional members that are none',
    {
      method: 'POST',
      body: { kind: 'json', contentType: 'application/json', json: { object: {}, optional: ['a'] } },
    },
  ],
  ['a slot of two kinds', { path: [{ integer: { min: 0, max: 1 }, text: { characters: 'word', max: 1 } }] }],
  ['an upside-down range', { path: [{ integer: { min: 1, max: 0 } }] }],
  ['a range of fractions', { path: [{ integer: { min: 0.5, max: 1 } }] }],
  ['a time without bounds', { path: [{ time: { format: 'unix-s' } }] }],
  [
    'a time with two kinds of bounds',
    { path: [{ time: { format: 'unix-s', relative: [0, 1], absolute: [0, 1] } }] },
  ],
  ['an empty set', { path: [{ oneOf: [] }] }],
  ['unbounded text', { path: [{ text: { characters: 'text', max: limits.textLength + 1 } }] }],
  ['a regular expression', { path: [{ pattern: '.*' }] }],
])('%s is refused', (_name, change) => {
  expect(reads({ ...rule, ...change }).success).toBe(false);
});

test('a member named __proto__ never becomes part of a rule', () => {
  const json = JSON.parse('{"object":{"__proto__":1}}') as unknown;
  const body = { kind: 'json', contentType: 'application/json', json };
  const read = allowlistSchema.parse({ version: 1, rules: [{ ...rule, method: 'POST', body }] });
  expect(JSON.stringify(read)).not.toContain('__proto__');
});

test('ids are unique', () => {
  expect(reads(rule, rule).error?.issues[0]?.message).toBe('the id occurs twice');
});

test('there are at most ten thousand rules and 1.5 MB', () => {
  const many = (count: number, text = '') =>
    Array.from({ length: count }, (_, at) => ({ ...rule, id: `r${at}`, path: [`${at}${text}`] }));
  expect(reads(...many(10_000)).success).toBe(true);
  expect(reads(...many(10_001)).success).toBe(false);
  expect(reads(...many(1000, 'x'.repeat(1500))).error?.issues[0]?.message).toBe(
    'the allowlist is larger than 1.5 MB',
  );
});
