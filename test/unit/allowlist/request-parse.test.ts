import { parseMediaType } from '../../../shared/allowlist/media-type.ts';
import { parseParameters } from '../../../shared/allowlist/parameter-parse.ts';
import { parsePath, segmentFlaw, serializePath } from '../../../shared/allowlist/path-parse.ts';
import { Refused } from '../../../shared/allowlist/refused.ts';
import { parseRequest } from '../../../shared/allowlist/request-parse.ts';
import { get, post } from './asking.ts';

/** No rule can admit these, whatever it spells out. */
describe('a path that nobody may read', () => {
  test.each([
    ['//a', 'two slashes'],
    ['/a\\b', 'backslash'],
    ['/a%3bb', 'encoded semicolon'],
    ['/a%00', 'control character'],
    ['/a%c2%9f', 'control character'],
    ['/.', 'dot segment'],
    ['/a/%2e%2e', 'dot segment'],
    ['/..%2fa', 'dot segment'],
    ['/..%5ca', 'dot segment'],
    ['/..;a', 'dot segment'],
    ['/%252e%252e', 'dot segment'],
    ['/a%252f%252e%252e%252fb', 'dot segment'],
    ['/%2525252525252541', 'many times'],
    ['/%c0%ae', 'UTF-8'],
    ['a', 'origin form'],
    ['/a'.repeat(65), 'too many segments'],
  ])('%s: %s', (path, reason) => {
    expect(() => parsePath(path)).toThrow(Refused);
    expect(() => parsePath(path)).toThrow(reason);
  });

  test.each(['...', '..a', 'a..', '.well-known', 'a.b', '100%', 'a;b', 'a/b', '%2f'])(
    '%j is no flaw of a segment',
    (segment) => {
      expect(segmentFlaw(segment)).toBeUndefined();
      if (segment !== 'a/b') expect(parsePath(serializePath([segment]))).toEqual([segment]);
    },
  );
});

describe('parameters', () => {
  test.each([
    ['a=1&b=2', { a: '1', b: '2' }],
    ['&&a=1&&', { a: '1' }],
    ['a=b=c', { a: 'b=c' }],
    ['a=1;b=2', { a: '1;b=2' }],
    ['a=1&a=2', { a: ['1', '2'] }],
    ['a+b=c+d%2B', { 'a b': 'c d+' }],
    ['a=%0A%09', { a: '\n\t' }],
    ['constructor=1&toString', { constructor: '1', toString: '' }],
    ['', {}],
  ])('%s', (text, values) => {
    expect(Object.fromEntries(parseParameters(text).values)).toEqual(values);
  });

  test.each([
    '=1',
    'a=%00',
    'a=%08',
    'a=\u0001',
    '%7f=1',
    'a=%',
    'a=%zz',
    'a=%ff',
    '__proto__=1',
    '_method=PUT',
    '_Method=PUT',
    'a=1&'.repeat(1001),
  ])('%j is refused', (text) => {
    expect(() => parseParameters(text)).toThrow(Refused);
  });
});

describe('content types', () => {
  test.each([
    ['application/json', 'application/json', 'json'],
    ['Application/JSON ; Charset="UTF-8"', 'application/json', 'json'],
    ['application/vnd.api+json; version=1', 'application/vnd.api+json;version=1', 'json'],
    ['application/x-www-form-urlencoded; charset=utf-8', 'application/x-www-form-urlencoded', 'form'],
    ['text/plain; b=2; a=1', 'text/plain;a=1;b=2', 'text'],
  ])('%s', (text, name, kind) => {
    expect(parseMediaType(text)).toEqual({ name, kind });
  });

  test.each([
    '',
    'json',
    'a/b/c',
    'application/json,text/plain',
    'application/json; charset=utf-8; charset=utf-8',
    'application/json; charset=latin1',
    'application/json; a="b;c"',
    'multipart/form-data',
    'application/json\r\n',
    `a/${'b'.repeat(200)}`,
  ])('%j is refused', (text) => {
    expect(() => parseMediaType(text)).toThrow(Refused);
  });
});

test('text bodies are UTF-8 without byte order mark and NUL', () => {
  expect(parseRequest(post('/', 'text/plain', 'é')).body).toEqual({
    kind: 'text',
    type: 'text/plain',
    text: 'é',
  });
  for (const body of ['\ufeffx', 'a\0b', Buffer.from([0xff])]) {
    expect(() => parseRequest(post('/', 'text/plain', body))).toThrow(Refused);
  }
});

test('a target of 16,384 characters is read, one more is not', () => {
  expect(parseRequest(get(`/${'a'.repeat(16_383)}`)).path).toHaveLength(1);
  expect(() => parseRequest(get(`/${'a'.repeat(16_384)}`))).toThrow('too long');
});
