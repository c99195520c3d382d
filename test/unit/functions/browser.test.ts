import { HttpRequest } from '@azure/functions';
import { readCookie, returnPath, sessionCookie, sourceOf } from '../../../functions/trigger/browser.ts';

const request = (headers: Record<string, string>) =>
  new HttpRequest({ url: 'http://localhost/', method: 'GET', headers });

describe('the source of a request', () => {
  it.each([
    ['192.0.2.1:51976', '192.0.2.1'],
    ['192.0.2.1', '192.0.2.1'],
    ['[2001:db8::1]:443', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['2001:db8::1', '2001:db8::1'],
    ['203.0.113.9, 192.0.2.1:1', '192.0.2.1'],
  ])('X-Forwarded-For %s is %s: the last hop, and no port', (forwarded, source) => {
    expect(sourceOf(request({ 'x-forwarded-for': forwarded }))).toBe(source);
  });

  it('is the other end of the connection to Front Door where there is one, whatever the client says it is', () => {
    const headers = {
      'x-azure-socketip': '198.51.100.7',
      'x-azure-clientip': '203.0.113.9',
      'x-forwarded-for': '203.0.113.9, 198.51.100.7, 10.0.0.1',
    };
    expect(sourceOf(request(headers))).toBe('198.51.100.7');
  });
});

describe('a cookie (RFC 6265 section 4.2.1, ASVS 3.4.4)', () => {
  const read = (cookie: string) => readCookie(request({ cookie }), sessionCookie);

  it.each([
    ['__Host-drawbridge=a', 'a'],
    ['x=1; __Host-drawbridge=a', 'a'],
    ['x=1;__Host-drawbridge=a=b', 'a=b'],
  ])('%j holds %j', (cookie, value) => {
    expect(read(cookie)).toBe(value);
  });

  it.each([
    // What any subdomain may set, since to a browser these names begin with something else.
    'drawbridge=evil',
    '__host-drawbridge=evil',
    '\u00a0__Host-drawbridge=evil',
    '\u00a0__Host-drawbridge =evil',
    '$Version=1,__Host-drawbridge=evil',
    '__Host-drawbridge[]=evil',
    'x="; __Host-drawbridge-other=evil; y="',
  ])('%j is another one', (cookie) => {
    expect(read(cookie)).toBeUndefined();
  });
});

describe('where a form leads on (ASVS 5.1.5)', () => {
  it.each([
    ['/systems/1?x=y', '/systems/1?x=y'],
    ['//evil.example', '/'],
    ['/\\evil.example', '/'],
    ['/a\\b', '/'],
    ['https://evil.example', '/'],
    ['javascript:alert(1)', '/'],
    ['/a\nb', '/'],
    ['', '/'],
    [undefined, '/'],
  ])('%j becomes %j', (given, path) => {
    expect(returnPath(given)).toBe(path);
  });
});
