import { parseHar } from '../../../shared/allowlist/har.ts';

const entry = (request: Record<string, unknown>, rest: Record<string, unknown> = {}) => ({
  log: {
    version: '1.2',
    creator: {},
    _vendor: 1,
    entries: [
      {
        startedDateTime: '2024-06-15T12:00:00.000+02:00',
        request: { method: 'GET', url: 'http://a/', ...request },
        response: { status: 200 },
        _x: 1,
        ...rest,
      },
    ],
  },
});

test('what inference needs is read, and vendor members are dropped', () => {
  const har = parseHar(
    entry({
      headers: [{ name: 'content-type', value: 'application/json', comment: '' }],
      cookies: [{ name: 'secret', value: 'x' }],
    }),
  );
  expect(har).toEqual({
    entries: [
      {
        startedAt: Date.UTC(2024, 5, 15, 10),
        method: 'GET',
        url: 'http://a/',
        contentType: 'application/json',
        status: 200,
      },
    ],
  });
});

test.each([
  ['its text', { mimeType: 'application/json', text: '{"a":1}' }, '{"a":1}'],
  [
    'parameters only',
    { mimeType: 'application/x-www-form-urlencoded', params: [{ name: 'a b', value: '1&2' }, { name: 'c' }] },
    'a%20b=1%262&c=',
  ],
  ['base64', { mimeType: 'text/plain', text: 'eA==', encoding: 'base64' }, 'x'],
  ['nothing', { mimeType: '', text: '' }, undefined],
])('a body is read from %s', (_name, postData, body) => {
  expect(parseHar(entry({ method: 'POST', postData })).entries[0]?.body).toBe(body);
});

test('a body that the recorder left out is not taken for none', () => {
  const postData = { mimeType: 'application/json', text: '' };
  expect(parseHar(entry({ method: 'POST', postData, bodySize: 12 })).entries[0]?.bodyLeftOut).toBe(true);
  expect(parseHar(entry({ method: 'POST', postData, bodySize: 0 })).entries[0]?.bodyLeftOut).toBeUndefined();
});

test('the header tells the content type before the recorder does', () => {
  const har = parseHar(
    entry({
      headers: [{ name: 'Content-Type', value: 'text/plain' }],
      postData: { mimeType: 'application/json', text: 'x' },
    }),
  );
  expect(har.entries[0]?.contentType).toBe('text/plain');
});

test.each([
  null,
  {},
  { log: {} },
  { log: { entries: [{}] } },
  { log: { entries: [{ startedDateTime: 1, request: {} }] } },
])('%j is no recording', (json) => {
  expect(() => parseHar(json)).toThrow(/log|object/);
});

test('a recording has at most 20,000 entries', () => {
  const [one] = entry({}).log.entries;
  expect(() => parseHar({ log: { entries: Array.from({ length: 20_001 }, () => one) } })).toThrow();
});
