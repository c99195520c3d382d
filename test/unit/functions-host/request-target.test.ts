import fc from 'fast-check';
import { decodePath, isHost, parseRequestTarget } from '../../../local/functions-host/request-target.ts';

describe('a request target', () => {
  test.each([
    ['/', '/'],
    ['/a/b?c=d', '/a/b?c=d'],
    ['/a%2Fb/%20/%C3%A9?x=%2F&y=a+b', '/a%2Fb/%20/%C3%A9?x=%2F&y=a+b'],
    ['//a//b/', '//a//b/'],
    ['/a/./b', '/a/b'],
    ['/a/../b', '/b'],
    ['/a/b/..', '/a/'],
    ['/a/b/.', '/a/b/'],
    ['/a/%2e%2E/b', '/b'],
    ['/a/.%2e/.%2e/../b', '/b'],
    ['/../../b', '/b'],
    ['/a/...', '/a/...'],
    ['/a/.b/..c', '/a/.b/..c'],
    ['/a?x=/../y', '/a?x=/../y'],
    ['/a/%252e%252e/b', '/a/%252e%252e/b'],
    ['/a\\..\\..\\b?c\\d', '/a%5C..%5C..%5Cb?c\\d'],
    ['/a|b^"', '/a|b^"'],
  ])('%s reaches the function as %s', (target, url) => {
    expect(parseRequestTarget(target)).toEqual({ authority: undefined, url });
  });

  test.each([
    ['http://x.example/a?b', 'x.example', '/a?b'],
    ['HTTPS://x.example:8443', 'x.example:8443', '/'],
    ['http://x.example?b', 'x.example', '/?b'],
    ['http://x.example/a/../b', 'x.example', '/b'],
  ])('%s names its host itself', (target, authority, url) => {
    expect(parseRequestTarget(target)).toEqual({ authority, url });
  });

  test.each([
    '',
    '*',
    'a',
    'a/b',
    '/a b',
    '/a#b',
    '/\u0000',
    '/é',
    '/\u007f',
    'ftp://x/',
    'http:///a',
    'x.example:443',
  ])('%j is malformed', (target) => {
    expect(parseRequestTarget(target)).toBeUndefined();
  });

  test('means the same path to the WHATWG URL that the function will see', () => {
    const character = fc.constantFrom('/', '.', '%2e', '%2F', '\\', 'a', '%5c', '?', '%25');
    fc.assert(
      fc.property(fc.array(character), (characters) => {
        const url = parseRequestTarget(`/${characters.join('')}`)?.url ?? '';
        expect(new URL(`http://x.example${url}`).href).toBe(`http://x.example${url}`);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the path that is routed', () => {
  test.each([
    ['/a/b', '/a/b'],
    ['/a%20b', '/a b'],
    ['/a%2Fb%2fc', '/a%2Fb%2fc'],
    ['/%41%2F%42', '/A%2FB'],
    ['/%C3%A9', '/é'],
    ['/%F0%9F%98%80', '/😀'],
    ['/%C3', '/%C3'],
    ['/%C3%41', '/%C3A'],
    ['/%FF%41', '/%FFA'],
    ['/%C0%AF', '/%C0%AF'],
    ['/%ED%A0%80', '/%ED%A0%80'],
    ['/%252F', '/%2F'],
    ['/%zz%4', '/%zz%4'],
    ['/a+b', '/a+b'],
  ])('%s is %s', (path, decoded) => {
    expect(decodePath(path)).toBe(decoded);
  });

  test('cannot hold an encoded NUL', () => {
    expect(decodePath('/a%00b')).toBeUndefined();
  });

  test('is what encodeURIComponent was given, slashes aside', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (text) => {
        fc.pre(!text.includes('/') && !text.includes('\u0000') && text.isWellFormed());
        expect(decodePath(`/${encodeURIComponent(text)}`)).toBe(`/${text}`);
      }),
    );
  });
});

describe('a host', () => {
  test.each(['localhost', 'x.localhost:7071', '127.0.0.1:80', '[::1]:7071', 'a_b.example'])(
    'may be %s',
    (host) => {
      expect(isHost(host)).toBe(true);
    },
  );

  test.each([
    '',
    'a b',
    'a/b',
    'a@b',
    'a:b',
    'a:999999',
    'a, b',
    '[::1',
    'a?b',
    'a\\b',
    '1.2.3.999',
    'é.example',
  ])('cannot be %j', (host) => {
    expect(isHost(host)).toBe(false);
  });
});
