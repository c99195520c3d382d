import { inwardHeaders, outwardHeaders } from '../../../shared/tunnel/viewer-headers.ts';

describe('headers of a viewer', () => {
  it.each([
    ['cookie', 'a=b'],
    ['authorization', 'Basic x'],
    ['x-forwarded-for', '192.0.2.1'],
    ['origin', 'https://x'],
    ['user-agent', 'x'],
    ['x-http-method-override', 'DELETE'],
    ['drawbridge-recipient', 'eve@evil.example'],
    ['connection', 'close'],
    ['host', 'x'],
  ])('%s does not go in', (name, value) => {
    expect(
      inwardHeaders([
        [name, value],
        ['Accept', 'text/html'],
      ]),
    ).toEqual({ accept: 'text/html' });
  });
});

describe('headers of an on-prem answer', () => {
  it.each([
    ['set-cookie', ['a=b', 'c=d']],
    ['server', 'OnPrem/1.0'],
    ['x-powered-by', 'x'],
    ['via', '1.1 relay'],
    ['www-authenticate', 'Basic'],
    ['access-control-allow-origin', '*'],
    ['strict-transport-security', 'max-age=1'],
    ['clear-site-data', '"*"'],
    ['refresh', '0; url=https://evil.example'],
    ['alt-svc', 'h2=":443"'],
    ['transfer-encoding', 'chunked'],
    ['location', 'http://10.0.0.5:8080/x'],
    ['location', '//evil.example'],
    ['location', '/\\evil.example'],
    ['drawbridge-problem', 'x'],
  ])('%s: %s does not come out', (name, value) => {
    expect(Object.keys(outwardHeaders({ [name]: value, etag: '"1"' })).sort()).toEqual([
      'cache-control',
      'etag',
      'referrer-policy',
      'x-robots-tag',
    ]);
  });

  it('let a redirect stay on the share', () => {
    expect(outwardHeaders({ location: '/login?next=%2F' })).toMatchObject({ location: '/login?next=%2F' });
  });

  it.each([
    [undefined, 'private, no-cache'],
    ['public, max-age=60', 'private, max-age=60'],
    ['s-maxage=600, max-age=1', 'private, max-age=1'],
    ['no-store', 'private, no-store'],
  ])('make Cache-Control %s into %s: no shared cache keeps a dashboard', (value, expected) => {
    expect(outwardHeaders({ 'cache-control': value })['cache-control']).toBe(expected);
  });
});
