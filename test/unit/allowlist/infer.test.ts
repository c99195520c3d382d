import { mutationsOf } from './mutations.ts';
import { get, post, postJson } from './asking.ts';
import { inferring, opened, recording, requestsOf, type RecordedCall } from './recording.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const iso = (moment: number) => new Date(moment).toISOString();

/** The same calls made again every so many seconds. */
const refreshed = (times: readonly number[], calls: (at: number) => RecordedCall[]): RecordedCall[] =>
  times.flatMap((after) =>
    calls(opened + after * second).map((call) => ({ ...call, after: after + call.after })),
  );

describe('what stays', () => {
  const panels = [101, 102, 103].map((id) => ({
    after: 0,
    url: '/api/values',
    json: { elementId: id, minutes: id === 103 ? 5 : 60 },
  }));

  test('is pinned after one load, as one line for values that only tell panels apart', () => {
    const { lines, warnings, admits } = inferring([recording(panels)], '/board');
    expect(lines).toEqual([
      'GET /board',
      'POST /api/values with the JSON {elementId: 101 or 102, minutes: 60}',
      'POST /api/values with the JSON {elementId: 103, minutes: 5}',
    ]);
    expect(warnings).toEqual([]);
    expect(admits(postJson('/api/values', { elementId: 102, minutes: 60 }), opened + 9 * day)).toBe(true);
    // Both values were seen, never together.
    expect(admits(postJson('/api/values', { elementId: 102, minutes: 5 }), opened)).toBe(false);
    expect(admits(postJson('/api/values', { elementId: 104, minutes: 60 }), opened)).toBe(false);
  });

  test('is pinned the same after refreshes and after several openings', () => {
    const polled = refreshed([0, 5, 10], () => panels);
    const once = inferring([recording(panels)]).lines;
    expect(inferring([recording(polled)]).lines).toEqual(once);
    expect(inferring([recording(polled), recording(panels, hour)]).lines).toEqual(once);
  });

  test('is refused when any of it is changed', () => {
    const har = recording([
      ...panels,
      { after: 0, url: '/api/list?kind=a&tag=x&tag=y&deep' },
      { after: 0, url: '/search', form: 'text=a+b&page=1' },
    ]);
    const { admits } = inferring([har]);
    for (const { request, at } of requestsOf(har)) {
      expect(admits(request, at)).toBe(true);
      expect(
        mutationsOf(request)
          .filter((one) => admits(one.request, at))
          .map(({ what }) => what),
      ).toEqual([]);
    }
  });

  test('includes the page where the dashboard starts, without its fragment', () => {
    expect(inferring([recording([])], '/d/abc?kiosk#panel-1').lines).toEqual(['GET /d/abc with kiosk = “”']);
  });
});

describe('what counts up or changes at random', () => {
  test('a counter of one page becomes a range that goes on', () => {
    const har = recording(
      refreshed([0, 5, 10], (at) => [{ after: 0, url: `/poll?room=7&seq=${(at - opened) / 5000 + 1}` }]),
    );
    const { lines, warnings, admits } = inferring([har]);
    expect(lines).toContain('GET /poll with room = “7”, seq = a whole number from 1 to 1000003');
    expect(warnings).toContainEqual({
      rule: 'r2',
      slot: 'query seq',
      text: 'a whole number from 1 to 1000003 is accepted, because the value changed between calls',
    });
    expect(admits(get('/poll?room=7&seq=5000'), opened + day)).toBe(true);
    expect(admits(get('/poll?room=8&seq=2'), opened)).toBe(false);
  });

  test('a counter that starts anew with every opening goes on as well', () => {
    const load = refreshed([0, 5, 10], (at) => [{ after: 0, url: `/poll?seq=${(at - opened) / 5000 + 1}` }]);
    const { admits } = inferring([recording(load), recording(load, hour)]);
    expect(admits(get('/poll?seq=400'), opened + day)).toBe(true);
  });

  test('a number that differs between two openings gets little room', () => {
    const open = (id: number) => [
      { after: 0, url: `/item?id=${id}` },
      { after: 0, url: `/items/${id}` },
    ];
    const { lines, warnings } = inferring([recording(open(40)), recording(open(50), hour)]);
    expect(lines.slice(1)).toEqual([
      'GET /item with id = a whole number from 30 to 60',
      'GET /items/{a whole number from 30 to 60}',
    ]);
    expect(warnings).toHaveLength(2);
  });

  test('ids of two openings that show different panels are pinned', () => {
    const open = (ids: readonly number[]) => ids.map((id) => ({ after: 0, url: `/item?id=${id}` }));
    expect(inferring([recording(open([1, 2, 3])), recording(open([4, 5]), hour)]).lines[1]).toBe(
      'GET /item with id = “1”, “2”, “3”, “4” or “5”',
    );
  });

  test('ids asked for one after the other in one load are no counter', () => {
    const har = recording([1, 2, 3, 4].map((id) => ({ after: id / 10, url: `/item?id=${id}` })));
    expect(inferring([har]).lines).toContain('GET /item with id = “1”, “2”, “3” or “4”');
  });

  test('a token that is new with every opening becomes bounded text, for each panel by itself', () => {
    const open = (token: string) =>
      [1, 2].map((id) => ({ after: 0, url: `/v?id=${id}&nonce=${token}${id}` }));
    const { lines, warnings, admits } = inferring([
      recording(open('8fa2c3d4e5f60718')),
      recording(open('0b1c2d3e4f506172'), hour),
    ]);
    expect(lines).toContain(
      'GET /v with id = “1” or “2”, nonce = any text of 17 characters (hexadecimal digits)',
    );
    expect(warnings[0]?.text).toBe(
      'any text of 17 characters (hexadecimal digits) is accepted, because the value changed between calls',
    );
    expect(admits(get('/v?id=2&nonce=ffffffffffffffff1'), opened)).toBe(true);
    expect(admits(get('/v?id=3&nonce=ffffffffffffffff1'), opened)).toBe(false);
    expect(admits(get('/v?id=2&nonce=ffff'), opened)).toBe(false);
  });

  test('a numbered request keeps its letters', () => {
    const open = (first: number) =>
      ['cpu', 'disk'].map((name, at) => ({
        after: 0,
        url: `/ds/query?requestId=Q${first + at}`,
        json: { expr: name },
      }));
    const { lines, admits } = inferring([
      recording([...open(100), ...open(102).map((call) => ({ ...call, after: 10 }))]),
      recording(open(100), hour),
    ]);
    expect(lines.join('\n')).toContain('requestId = “Q” then a whole number');
    expect(admits(postJson('/ds/query?requestId=Q140', { expr: 'cpu' }), opened)).toBe(true);
    expect(admits(postJson('/ds/query?requestId=X140', { expr: 'cpu' }), opened)).toBe(false);
    expect(admits(postJson('/ds/query?requestId=Q140', { expr: 'secret' }), opened)).toBe(false);
  });

  test('values that follow the width of the window vary together', () => {
    const open = (width: number, step: number) =>
      ['cpu', 'disk'].map((expr) => ({
        after: 0,
        url: '/ds/query',
        json: { expr, maxDataPoints: width, intervalMs: step },
      }));
    const { lines, admits } = inferring([recording(open(743, 5000)), recording(open(1200, 3000), hour)]);
    expect(lines).toContain(
      'POST /ds/query with the JSON {expr: “cpu” or “disk”, maxDataPoints: a whole number from 185 to 4800, intervalMs: a whole number from 750 to 20000}',
    );
    expect(
      admits(postJson('/ds/query', { expr: 'cpu', maxDataPoints: 2560, intervalMs: 2000 }), opened),
    ).toBe(true);
  });

  test('a JSONP callback keeps its name', () => {
    const open = (at: number, random: string) => [
      { after: 0, url: `/jsonp?callback=jQuery${random}_${at}&_=${at + 1}` },
    ];
    const { lines, admits } = inferring([
      recording(open(opened, '351098765432101234')),
      recording(open(opened + hour, '351012345678909876'), hour),
    ]);
    expect(lines.join('\n')).toContain('callback = “jQuery');
    expect(
      admits(get(`/jsonp?callback=jQuery351055555555501111_${opened + day}&_=${opened + day}`), opened + day),
    ).toBe(true);
    expect(admits(get(`/jsonp?callback=alert(1)&_=${opened}`), opened)).toBe(false);
  });

  test('a value that looks random and was seen once is pinned, and the sharer is told', () => {
    const { warnings } = inferring([
      recording([{ after: 0, url: '/v?session=3f2b8c1d-0a4e-4b6f-9c7d-1e2f3a4b5c6d' }]),
    ]);
    expect(warnings).toEqual([
      {
        rule: 'r2',
        slot: 'query session',
        text: 'looks random and was seen once; if it changes with every opening, record again',
      },
    ]);
  });

  test('a segment that is new with every opening becomes a slot of its path', () => {
    const open = (id: string) => [{ after: 0, url: `/sessions/${id}/values` }];
    const { lines } = inferring([recording(open('8fa2c3d4')), recording(open('0b1c2d3e'), hour)]);
    expect(lines).toContain('GET /sessions/{any text of 8 characters (hexadecimal digits)}/values');
  });
});

describe('bodies whose structure changes', () => {
  test('share one rule with optional members and bounded lists', () => {
    const open = (json: unknown) => [{ after: 0, url: '/q', json }];
    const { lines, warnings, admits } = inferring([
      recording(open({ filter: { ids: [1, 2], tag: 'a' }, page: 1 })),
      recording(open({ filter: { ids: [2] }, page: 1 }), hour),
    ]);
    expect(lines).toContain(
      'POST /q with the JSON {filter: {ids: a list of 1 to 4, each 1 or 2, tag (optional): “a”}, page: 1}',
    );
    expect(warnings.some(({ text }) => text.includes('other combinations'))).toBe(true);
    expect(admits(postJson('/q', { filter: { ids: [1] }, page: 1 }), opened)).toBe(true);
    expect(admits(postJson('/q', { filter: { ids: [3] }, page: 1 }), opened)).toBe(false);
    expect(admits(postJson('/q', { filter: { ids: [1], tag: 'b' }, page: 1 }), opened)).toBe(false);
  });

  test('stay apart when they are different calls of one load', () => {
    const { lines } = inferring([
      recording([
        { after: 0, url: '/q', json: { a: 1 } },
        { after: 0, url: '/q', json: { b: 1 } },
      ]),
    ]);
    expect(lines.slice(1)).toEqual(['POST /q with the JSON {a: 1}', 'POST /q with the JSON {b: 1}']);
  });
});

describe('static files', () => {
  test('are pinned with their version', () => {
    const har = recording([
      { after: 0, url: '/app.js?v=1718400000' },
      { after: 0, url: '/logo.png' },
    ]);
    expect(inferring([har]).lines.slice(1)).toEqual(['GET /app.js with v = “1718400000”', 'GET /logo.png']);
  });

  test('of a directory of content-hashed names stand for the directory', () => {
    const har = recording(
      ['index-BkD3x9aZ.js', 'vendor.8f3c2a1b9d.js', 'main.0a1b2c3d.css'].map((name) => ({
        after: 0,
        url: `/assets/${name}`,
      })),
    );
    const { lines, warnings, admits } = inferring([har]);
    expect(lines).toContain('GET /assets/{any file name with a content hash (.css or .js)}');
    expect(warnings[0]?.text).toBe(
      'any file with a content-hashed name in /assets/ is accepted, not only the 3 seen',
    );
    expect(admits(get('/assets/lazy-CkP0q1rS.js'), opened)).toBe(true);
    for (const other of [
      '/assets/config.json',
      '/assets/lazy-CkP0q1rS.js.map',
      '/assets/../lazy-CkP0q1rS.js',
      '/lazy-CkP0q1rS.js',
      '/assets/app.js',
      '/assets/lazy-CkP0q1rS.js?x=1',
    ]) {
      expect(admits(get(other), opened)).toBe(false);
    }
  });

  test('that change their hash between openings become a slot', () => {
    const open = (hash: string) => [{ after: 0, url: `/main.${hash}.js` }];
    const { admits } = inferring([recording(open('8f3c2a1b')), recording(open('0a1b2c3d'), day)]);
    expect(admits(get('/main.ffff0000.js'), opened)).toBe(true);
    expect(admits(get('/evil.js'), opened)).toBe(false);
  });
});

describe('what no rule is made for', () => {
  test.each([
    [
      { url: 'https://fonts.example/a.woff2' },
      'it belongs to another origin than http://on-prem.example:3000',
    ],
    [{ url: 'http://on-prem.example/v' }, 'it belongs to another origin than http://on-prem.example:3000'],
    [{ url: 'ws://on-prem.example:3000/live' }, 'WebSocket connections cannot be shared yet'],
    [{ url: '/login', form: 'user=a&password=b' }, 'it carries a password; the gateway signs in by itself'],
    [
      { url: '/login', json: { user: 'a', credentials: { Password: 'b' } } },
      'it carries a password; the gateway signs in by itself',
    ],
    [{ url: '/.drawbridge/x' }, 'this path belongs to the service'],
    [{ url: '/a/%ff' }, 'it cannot be shared: a percent sign does not start a valid UTF-8 sequence'],
    [
      { url: '/upload', form: '--x', contentType: 'multipart/form-data; boundary=x' },
      'it cannot be shared: a body in parts cannot be shared',
    ],
    [{ url: '/v', method: 'PROPFIND' }, 'it cannot be shared: the method is not one that a rule can name'],
  ])('%j: %s', (call, why) => {
    const { ignored, allowlist } = inferring([recording([{ after: 0, ...call }])]);
    expect(ignored).toEqual([
      { url: call.url.startsWith('/') ? `http://on-prem.example:3000${call.url}` : call.url, why },
    ]);
    expect(allowlist.rules).toHaveLength(1);
  });

  test('data of the page itself is not worth a word', () => {
    expect(
      inferring([
        recording([
          { after: 0, url: 'data:image/png;base64,xx' },
          { after: 0, url: 'blob:http://on-prem.example:3000/x' },
        ]),
      ]).ignored,
    ).toEqual([]);
  });
});

describe('warnings', () => {
  test('tell of calls that change something, of secrets and of window sizes', () => {
    const har = recording([
      { after: 0, url: '/items/7', method: 'DELETE' },
      { after: 0, url: '/v?access_token=abc&width=1280' },
    ]);
    expect(inferring([har]).warnings).toEqual([
      { rule: 'r2', slot: 'method', text: 'DELETE changes something in the on-prem system' },
      { rule: 'r3', slot: 'query access_token', text: 'looks like a secret, and is stored with the share' },
      {
        rule: 'r3',
        slot: 'query width',
        text: 'stays 1280; where it follows the size of the window, record in several sizes',
      },
    ]);
  });
});

describe('times', () => {
  /** Infers from calls at opened (and an hour later, where told), and asks for the same call at other times. */
  const over = (url: (now: number) => string, openings: readonly number[] = [0]) => {
    const { admits, ...rest } = inferring(
      openings.map((start) => recording([{ after: 0, url: url(opened + start) }], start)),
    );
    return { ...rest, at: (now: number, shown = now) => admits(get(url(shown)), now) };
  };

  test.each<[string, (now: number) => string]>([
    ['Unix seconds', (now) => `/v?t=${Math.floor(now / 1000)}`],
    ['Unix seconds with fraction', (now) => `/v?t=${(now + 123) / 1000}`],
    ['Unix milliseconds', (now) => `/v?t=${now}`],
    ['Unix microseconds', (now) => `/v?t=${now}000`],
    ['Unix nanoseconds', (now) => `/v?t=${now}000000`],
    ['RFC 3339', (now) => `/v?t=${iso(now)}`],
    [
      'RFC 3339 with another offset',
      (now) => `/v?t=${encodeURIComponent(iso(now + 2 * hour).replace('Z', '+02:00'))}`,
    ],
    ['in the path', (now) => `/v/${now}/x`],
    ['without a name', (now) => `/v?${now}`],
    ['inside JSON inside the path', (now) => `/v/${now}`],
  ])('written as %s move with the clock', (_name, url) => {
    const { at } = over(url);
    for (const passed of [0, 7 * minute, 3 * hour, 40 * day]) expect(at(opened + passed)).toBe(true);
    expect(at(opened + day, opened)).toBe(false);
    expect(at(opened, opened + day)).toBe(false);
  });

  test('a random fraction without a name is a value, so another one is admitted and a word is not', () => {
    const { admits } = inferring([
      recording(
        [0.344_781, 0.664_076, 0.849_755].map((fraction, at) => ({
          after: at * 5,
          url: `/a.ejs?${fraction}`,
        })),
      ),
    ]);
    expect(admits(get('/a.ejs?0.122277'), opened)).toBe(true);
    expect(admits(get('/a.ejs?user=1'), opened)).toBe(false);
    expect(admits(get('/a.ejs?other'), opened)).toBe(false);
  });

  test('of a range keep their distance', () => {
    const { at, lines } = over((now) => `/r?from=${now - 7 * day - 1}&to=${now - 1}`);
    expect(at(opened + 12.3 * day)).toBe(true);
    expect(lines[1]).toContain('where to is 6 days 15 hours to 7 days 8 hours after from');
  });

  test('of calls that differ in their range become rules of their own', () => {
    const { admits, lines } = inferring([
      recording(
        [1, 24].map((hours) => ({
          after: 0,
          url: `/r?id=1&from=${opened + 17 - hours * hour}&to=${opened + 17}`,
        })),
      ),
    ]);
    expect(lines).toHaveLength(3);
    const range = (hours: number) => get(`/r?id=1&from=${opened + day - hours * hour}&to=${opened + day}`);
    expect([1, 24, 12].map((hours) => admits(range(hours), opened + day))).toEqual([true, true, false]);
  });

  test('that were the same an hour later are one fixed moment', () => {
    const { at, lines } = over(() => '/r?from=2024-05-01T10:23:45Z', [0, hour]);
    expect(lines[1]).toBe('GET /r with from = “2024-05-01T10:23:45Z”');
    expect(at(opened + 300 * day)).toBe(true);
  });

  test('that were seen once long ago may be fixed or move', () => {
    const url = (offset: number) => `/r?from=${iso(opened - 45 * day - 12_345 + offset)}`;
    const { admits } = inferring([recording([{ after: 0, url: url(0) }])]);
    expect(admits(get(url(0)), opened + 90 * day)).toBe(true);
    expect(admits(get(url(3 * day)), opened + 3 * day)).toBe(true);
    expect(admits(get(url(3 * day)), opened)).toBe(false);
  });

  test('that stay with the open page may grow old with it', () => {
    const har = recording([0, 30, 60].map((after) => ({ after, url: `/since?t=${opened - 1234}` })));
    const { admits, warnings } = inferring([har]);
    expect(admits(get(`/since?t=${opened - 1234 + 5 * day}`), opened + 10 * day)).toBe(true);
    expect(admits(get(`/since?t=${opened - 1234}`), opened + 30 * day)).toBe(false);
    expect(warnings[0]?.text).toContain('because it stays the same while the page is open');
  });

  test('that keep caches away may be as old as an open page', () => {
    const { admits } = inferring([recording([{ after: 0, url: `/v?_=${opened}` }])]);
    expect(admits(get(`/v?_=${opened + 17}`), opened + 20 * day)).toBe(true);
  });

  const midnight = (now: number) => Math.floor(now / day) * day;
  test('at the start of a day stay there, also the next day', () => {
    const { at, warnings } = over((now) => `/day?from=${iso(midnight(now))}&to=${now}`);
    for (const passed of [0, 11 * hour, 11.9 * hour, 13 * hour, 36 * hour])
      expect(at(opened + passed)).toBe(true);
    expect(at(opened, opened - 3 * day)).toBe(false);
    expect(warnings[0]?.text).toContain('because it looks like the start or end of a day');
  });

  test('at the end of a day stay there', () => {
    const { at } = over((now) => `/day?to=${iso(midnight(now) + day - 1)}`);
    for (const passed of [0, 11 * hour, 13 * hour, 36 * hour]) expect(at(opened + passed)).toBe(true);
  });

  test('at the start of a month stay there, also the next month', () => {
    const first = (now: number) => Date.UTC(new Date(now).getUTCFullYear(), new Date(now).getUTCMonth(), 1);
    const { at } = over((now) => `/month?from=${iso(first(now))}`);
    for (const days of [0, 10, 15, 20, 40, 100]) expect(at(opened + days * day)).toBe(true);
    expect(at(opened, opened - 90 * day)).toBe(false);
  });

  test('as dates move with the calendar', () => {
    const { at } = over((now) => `/day?date=${iso(now).slice(0, 10)}`);
    for (const days of [0, 1, 40]) expect(at(opened + days * day)).toBe(true);
    expect(at(opened, opened - 5 * day)).toBe(false);
  });

  test('of a range rounded to the hour are no edges of days', () => {
    const round = (now: number) => Math.floor(now / hour) * hour;
    const { at, lines } = over((now) => `/r?from=${round(now) - 7 * day}&to=${round(now)}`);
    for (const passed of [0, 59 * minute, 5.5 * hour, 3 * day]) expect(at(opened + passed)).toBe(true);
    expect(lines[1]).toContain('after from');
    expect(at(opened, opened - 6 * hour)).toBe(false);
  });

  test('in JSON bodies move as numbers and as text', () => {
    const body = (now: number) => ({
      from: now - hour,
      to: now,
      range: { raw: iso(now) },
      old: 1_500_000_000_000,
    });
    const { admits } = inferring([recording([{ after: 0, url: '/q', json: body(opened) }])]);
    expect(admits(postJson('/q', body(opened + 2 * day)), opened + 2 * day)).toBe(true);
    expect(admits(postJson('/q', { ...body(opened), from: opened - 2 * hour }), opened)).toBe(false);
    expect(admits(postJson('/q', { ...body(opened), old: 1_500_000_000_001 }), opened)).toBe(false);
    expect(admits(postJson('/q', { ...body(opened), to: String(opened) }), opened)).toBe(false);
  });

  test('in forms move', () => {
    const form = (now: number) => `text=a+b&at=${now}`;
    const { admits } = inferring([recording([{ after: 0, url: '/f', form: form(opened) }])]);
    const type = 'application/x-www-form-urlencoded; charset=UTF-8';
    expect(admits(post('/f', type, form(opened + day)), opened + day)).toBe(true);
    expect(admits(post('/f', type, form(opened)), opened + day)).toBe(false);
  });
});
