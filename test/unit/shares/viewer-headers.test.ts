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
    ['service-worker-allowed', '/'],
    ['link', '<https://evil.example>; rel=preload'],
    ['nel', '{}'],
    ['report-to', '{}'],
    ['content-security-policy-report-only', "default-src 'none'; report-uri https://evil.example"],
    ['cross-origin-resource-policy', 'cross-origin'],
    ['cross-origin-opener-policy', 'unsafe-none'],
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
      'content-security-policy',
      'cross-origin-opener-policy',
      'cross-origin-resource-policy',
      'etag',
      'origin-agent-cluster',
      'referrer-policy',
      'x-robots-tag',
    ]);
    expect(outwardHeaders({ [name]: value })).toMatchObject({
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    });
  });

  it("keep the application's own policy, and let nobody else frame the dashboard (ASVS 14.4.7)", () => {
    const own = outwardHeaders({ 'content-security-policy': "script-src 'self'" });
    expect(own['content-security-policy']).toBe("script-src 'self', frame-ancestors 'self'");
    expect(outwardHeaders({})['content-security-policy']).toBe("frame-ancestors 'self'");
  });

  it('let a redirect stay on the share', () => {
    expect(outwardHeaders({ location: '/login?next=%2F' })).toMatchObject({ location: '/login?next=%2F' });
  });

  it.each([
    [undefined, 'text/javascript', 'private, no-cache'],
    ['public, max-age=60', 'text/css; charset=utf-8', 'private, max-age=60'],
    ['s-maxage=600, max-age=1', 'font/woff2', 'private, max-age=1'],
    ['public, max-age=31536000, immutable', 'application/javascript', 'private, max-age=31536000, immutable'],
    ['no-store', 'text/javascript', 'private, no-store'],
    ['public, max-age=60', 'text/html', 'private, no-cache'],
    ['max-age=60', 'application/json', 'private, no-cache'],
    ['max-age=60', 'image/png', 'private, no-cache'],
    ['max-age=60, stale-while-revalidate=600', undefined, 'private, no-cache'],
    ['No-Store, max-age=60', 'text/html', 'private, no-store'],
  ])(
    'make Cache-Control %s of %s into %s: what is shown again is asked for again',
    (value, type, expected) => {
      const answered = outwardHeaders({ 'cache-control': value, 'content-type': type });
      expect(answered['cache-control']).toBe(expected);
    },
  );
});
