import { compileAllowlist } from '../../../shared/allowlist/compile.ts';
import { decide } from '../../../shared/allowlist/decide.ts';
import { describeAllowlist } from '../../../shared/allowlist/describe.ts';
import { explicitAllowlist } from '../../../shared/allowlist/explicit.ts';
import { get, noon, post, postJson } from './asking.ts';

const list = [
  { path: '/dashboards/7?theme=dark&tag=a&tag=b' },
  { path: ['api', 'panels', { integer: [1, 40] }] },
  {
    path: '/api/v1/query_range',
    query: {
      query: 'up',
      start: { time: ['-61m', '-59m'] },
      end: { time: ['-1m', '+1m'] },
      step: { oneOf: [14, '15'] },
      stats: { optional: 'all' },
      'match[]': { values: ['a', 'b'] },
    },
  },
  {
    method: 'POST',
    path: '/api/values',
    json: { elementId: 101, minutes: { integer: [1, 60] }, tags: ['x'], note: { optional: { text: 5 } } },
  },
  {
    method: 'POST',
    path: '/search',
    form: { text: { text: 40, characters: 'word' }, id: { each: { oneOf: ['1', '2'] }, min: 1, max: 2 } },
  },
  {
    method: 'POST',
    path: '/range',
    json: {
      from: { time: ['2024-01-01T00:00:00Z', '2024-12-31T00:00:00Z'], format: 'rfc3339' },
      at: { time: ['-1d', 'now'], format: 'unix-ms' },
      at2: { string: { time: ['-1d', 'now'], format: 'unix-ms' } },
    },
  },
  {
    method: 'POST',
    path: '/odd',
    json: { object: { integer: { each: 1, min: 0, max: 2 }, oneOf: { anyOf: [null, { decimal: [0, 1] }] } } },
  },
  { method: 'POST', path: '/ping' },
  { method: 'POST', path: '/text', text: 'hello' },
];
const allowlist = explicitAllowlist(list);
const compiled = compileAllowlist(allowlist);
const admits = (request: Parameters<typeof decide>[1]) => decide(compiled, request, noon).admitted;

test('an explicit list reads as it is written', () => {
  expect(describeAllowlist(allowlist)).toEqual([
    'GET /dashboards/7 with theme = “dark”, tag = “a” and “b”',
    'GET /api/panels/{a whole number from 1 to 40}',
    'GET /api/v1/query_range with query = “up”, start = a time from 1 hour 1 minute ago to 59 minutes ago (Unix seconds), end = a time from 1 minute ago to 1 minute from now (Unix seconds), step = “14” or “15”, stats = “all” (optional), match[] = “a” and “b”',
    'POST /api/values with the JSON {elementId: 101, minutes: a whole number from 1 to 60, tags: [“x”], note (optional): any text of up to 5 characters (any characters of one line)}',
    'POST /search with the form text = any text of up to 40 characters (letters, digits, _ and -), id 1 to 2 times = “1” or “2”',
    'POST /range with the JSON {from: a time from 2024-01-01T00:00:00.000Z to 2024-12-31T00:00:00.000Z (RFC 3339), at: a time from 1 day ago to now (Unix milliseconds), at2: a time from 1 day ago to now (Unix milliseconds)}',
    'POST /odd with the JSON {integer: a list of 0 to 2, each 1, oneOf: null or a number from 0 to 1 with up to 3 decimals}',
    'POST /ping',
    'POST /text with the text (text/plain) “hello”',
  ]);
});

test('an explicit list admits what it says', () => {
  const seconds = noon / 1000;
  const admitted = [
    get('/dashboards/7?theme=dark&tag=a&tag=b'),
    get('/api/panels/40'),
    get(
      `/api/v1/query_range?query=up&start=${seconds - 3600}&end=${seconds}.5&step=15&match[]=a&match[]=b&stats=all`,
    ),
    postJson('/api/values', { elementId: 101, minutes: 60, tags: ['x'] }),
    post('/search', 'application/x-www-form-urlencoded', 'text=a_b&id=2&id=1'),
    postJson('/range', { from: '2024-05-05T00:00:00Z', at: noon, at2: String(noon) }),
    postJson('/odd', { integer: [1, 1], oneOf: 0.5 }),
    { method: 'POST', target: '/ping' },
    post('/text', 'text/plain', 'hello'),
  ];
  expect(admitted.map(admits)).toEqual(admitted.map(() => true));
  const refused = [
    get('/dashboards/7'),
    get('/api/panels/41'),
    get(`/api/v1/query_range?query=up&start=${seconds - 7200}&end=${seconds}&step=15&match[]=a&match[]=b`),
    postJson('/api/values', { elementId: 101, minutes: 61, tags: ['x'] }),
    postJson('/range', { from: '2025-05-05T00:00:00Z', at: noon, at2: String(noon) }),
    postJson('/range', { from: '2024-05-05T00:00:00Z', at: noon, at2: noon }),
    postJson('/odd', { integer: 1, oneOf: 0.5 }),
    get('/ping'),
  ];
  expect(refused.map(admits)).toEqual(refused.map(() => false));
});

test.each<[unknown, string]>([
  [{}, 'the list: '],
  [[], 'the list: '],
  [[{}], 'call 1 path: '],
  [[{ path: '/a' }, { path: 'b' }], 'call 2 path: is text that starts with / or a list of segments'],
  [[{ path: '/a/../b' }], 'call 1 path: the path holds a dot segment'],
  [[{ path: '/a?_method=PUT' }], 'call 1 path: a parameter overrides the method'],
  [[{ path: '/a', method: 'get' }], 'call 1 method: '],
  [[{ path: '/a', querry: {} }], 'call 1: Unrecognized key: "querry"'],
  [
    [{ path: '/a', query: { minutes: { integer: [60, 1] } } }],
    'call 1 query minutes integer: is two whole numbers, the smaller first',
  ],
  [[{ path: '/a', query: { minutes: { integer: ['1', 60] } } }], 'call 1 query minutes integer 1: '],
  [
    [{ path: '/a', query: { minutes: { range: [1, 60] } } }],
    'call 1 query minutes: is neither text nor one of the forms',
  ],
  [[{ path: '/a', query: { t: { time: ['1h', 'now'] } } }], 'call 1 query t time: is two offsets'],
  [[{ path: '/a', query: { t: { time: ['-1h', 'now'], format: 'unix' } } }], 'call 1 query t format: '],
  [[{ path: '/a', query: { t: { text: 9, characters: 'any' } } }], 'call 1 query t characters: '],
  [[{ path: '/a', method: 'POST', json: { a: [{ b: { integer: 1 } }] } }], 'call 1 json a 1 b integer: '],
  [[{ path: '/a', method: 'POST', json: 1, form: {} }], 'call 1: has one body: json, form or text'],
  [[{ path: '/a', json: {} }], 'call 1: a GET has a body'],
  [[{ path: '/a', query: { __proto__x: null } }], 'call 1 query __proto__x: is neither text'],
  [
    [{ path: '/a', method: 'POST', contentType: 'multipart/form-data', text: '' }],
    'call 1: must be a media type',
  ],
])('%j is refused by name', (given, message) => {
  expect(() => explicitAllowlist(given)).toThrow(message);
});
