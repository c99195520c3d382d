import type { JsonSlot, TextSlot } from '../../../shared/allowlist/slot.ts';
import { asking, bodyText, get, noon, postJson } from './asking.ts';

const second = 1000;
const minute = 60 * second;
const iso = (offset: number) => new Date(noon + offset).toISOString();

const inQuery = (slot: TextSlot) => {
  const { ask } = asking([{ method: 'GET', path: ['x'], query: [{ name: 'v', value: slot }] }]);
  return (value: string) => ask(get(`/x?v=${encodeURIComponent(value)}`)).admitted;
};

const inPath = (slot: TextSlot) => {
  const { ask } = asking([{ method: 'GET', path: ['x', slot] }]);
  return (value: string) => ask(get(`/x/${encodeURIComponent(value)}`)).admitted;
};

const inJson = (slot: JsonSlot) => {
  const { ask } = asking([
    {
      method: 'POST',
      path: ['x'],
      body: { kind: 'json', contentType: 'application/json', json: { object: { v: slot } } },
    },
  ]);
  return (value: unknown) => ask(postJson('/x', { v: value })).admitted;
};

interface Case<S, V> {
  name: string;
  slot: S;
  fits: readonly V[];
  misses: readonly V[];
}

const textCases: Case<TextSlot, string>[] = [
  { name: 'a literal', slot: 'up', fits: ['up'], misses: ['Up', 'up ', '', 'down'] },
  { name: 'an empty literal', slot: '', fits: [''], misses: [' ', 'x'] },
  {
    name: 'a finite set',
    slot: { oneOf: ['1h', '6h'] },
    fits: ['1h', '6h'],
    misses: ['2h', '1H', '1h,6h', ''],
  },
  {
    name: 'an integer range',
    slot: { integer: { min: -5, max: 60 } },
    fits: ['-5', '0', '7', '60'],
    misses: ['-6', '61', '07', '+7', '7.0', '7e0', ' 7', '0x7', '-0', '', '٧', '6_0'],
  },
  {
    name: 'a decimal range',
    slot: { decimal: { min: 0, max: 1, places: 2 } },
    fits: ['0', '1', '0.5', '0.25', '1.00'],
    misses: ['1.01', '0.125', '.5', '1.', '1e-1', '-0', '-0.1', 'NaN', ''],
  },
  {
    name: 'Unix seconds relative to now',
    slot: { time: { format: 'unix-s', fraction: 3, relative: [-60 * minute, minute] } },
    fits: [`${noon / 1000}`, `${noon / 1000 - 3600}`, `${noon / 1000 + 60}`, `${noon / 1000 - 1}.125`],
    misses: [
      `${noon / 1000 - 3601}`,
      `${noon / 1000 + 61}`,
      `${noon}`,
      `${noon / 1000}.1234`,
      `${noon / 1000}.`,
      `0${noon / 1000}`,
      `${noon / 1000}e0`,
      `-${noon / 1000}`,
      '',
    ],
  },
  {
    name: 'Unix milliseconds in steps',
    slot: { time: { format: 'unix-ms', relative: [-60 * minute, 0], step: minute } },
    fits: [`${noon}`, `${noon - minute}`],
    misses: [`${noon - second}`, `${noon + minute}`, `${noon}.0`],
  },
  {
    name: 'Unix nanoseconds',
    slot: { time: { format: 'unix-ns', absolute: [noon, noon + second] } },
    fits: [`${noon}000000`, `${noon}500000`],
    misses: [`${noon}`, `${noon + 2 * second}000000`],
  },
  {
    name: 'an absolute RFC 3339 range',
    slot: { time: { format: 'rfc3339', fraction: 3, absolute: [noon, noon + minute] } },
    fits: [
      iso(0),
      iso(minute),
      '2024-06-15T12:00:30Z',
      '2024-06-15T14:00:30+02:00',
      '2024-06-15T06:30:00.5-05:30',
    ],
    misses: [
      iso(-1),
      iso(minute + 1),
      '2024-06-15T12:00:30',
      '2024-06-15t12:00:30z',
      '2024-06-15 12:00:30Z',
      '2024-06-15T12:00:60Z',
      '2024-06-31T12:00:00Z',
      '2024-06-15T12:00Z',
      '2024-06-15T12:00:30.1234Z',
      '2024-06-15T12:00:30+0200',
    ],
  },
  {
    name: 'a date and time without offset',
    slot: { time: { format: 'local', relative: [-minute, minute] } },
    fits: ['2024-06-15T12:00:00', '2024-06-15 12:00:30', '2024-06-15T12:01'],
    misses: ['2024-06-15T12:00:00Z', '2024-06-15T11:58:59', '2024-06-15'],
  },
  {
    name: 'a date',
    slot: { time: { format: 'date', relative: [-86_400_000, 0] } },
    fits: ['2024-06-15'],
    misses: ['2024-06-14', '2024-06-16', '2024-6-15', '2024-02-30', '15.06.2024'],
  },
  {
    name: 'text of a class and length',
    slot: { text: { characters: 'word', min: 2, max: 4 } },
    fits: ['ab', 'a_-9'],
    misses: ['a', 'abcde', 'a b', 'äb', 'ab\n'],
  },
  {
    name: 'text of one line',
    slot: { text: { characters: 'text', max: 10 } },
    fits: ['', 'Zürich 東', '100 %', 'a;b=c&d'],
    misses: ['a\nb', 'a\tb', 'x\u202ey', '\ufeff', 'x\u2028', 'a'.repeat(11)],
  },
  {
    name: 'text of several lines',
    slot: { text: { characters: 'lines', max: 10 } },
    fits: ['a\nb', 'a\r\n\tb'],
    misses: ['\u000b'],
  },
  {
    name: 'a slot between fixed texts',
    slot: { around: { before: 'jQuery_', inner: { integer: { min: 1, max: 99 } }, after: '_x' } },
    fits: ['jQuery_1_x', 'jQuery_99_x'],
    misses: ['jQuery_100_x', 'jQuery__x', 'jQuery_x', '1', 'jQuery_1_xx', 'xjQuery_1_x'],
  },
  {
    name: 'free text between fixed texts',
    slot: { around: { before: 'a_', inner: { text: { characters: 'word', max: 3 } }, after: '_b' } },
    fits: ['a__b', 'a_x_b'],
    misses: ['a_b', 'a_xxxx_b'],
  },
  {
    name: 'a content-hashed name',
    slot: { hashedName: { extensions: ['js', 'css'], max: 40 } },
    fits: ['main.8f3c2a1b.js', 'index-BkD3x9aZ.css', '123.8f3c2a1b9d.chunk.js', '8f3c2a1b9d0e.js'],
    misses: [
      'main.js',
      'main.8f3c2a1b.php',
      'main.8f3c2a1b.js.map',
      '8f3c2a1b..js',
      'a..8f3c2a1b.js',
      `${'a'.repeat(40)}.js`,
      'x 8f3c2a1b.js',
    ],
  },
  {
    name: 'JSON inside text',
    slot: { json: { object: { from: { integer: { min: 0, max: 9 } }, id: 'a' } } },
    fits: ['{"from":3,"id":"a"}', '{ "id": "a", "from": 3 }'],
    misses: [
      '{"from":3}',
      '{"from":10,"id":"a"}',
      '{"from":3,"id":"a","id":"b"}',
      '{"from":3,"id":"b"}',
      '',
      'from=3',
    ],
  },
  {
    name: 'one of several slots',
    slot: { anyOf: ['all', { integer: { min: 1, max: 3 } }] },
    fits: ['all', '2'],
    misses: ['4', 'none'],
  },
];

describe.each(textCases)('$name in a query', ({ slot, fits, misses }) => {
  const admits = inQuery(slot);
  test.each(fits)('fits %j', (value) => expect(admits(value)).toBe(true));
  test.each(misses)('does not fit %j', (value) => expect(admits(value)).toBe(false));
});

describe('slots in a path', () => {
  test('take what is one segment', () => {
    const admits = inPath({ text: { characters: 'text', max: 20 } });
    for (const value of ['job', 'Zürich', 'a b', '東京', 'a+b', 'a:b@c']) expect(admits(value)).toBe(true);
  });
  test.each(['', '.', '..', 'a/b', 'a\\b', 'a;b', 'a%2fb', '100%', 'ｅvil', '．．', 'e\u0301', 'ﬁle'])(
    'never %j',
    (value) => {
      expect(inPath({ text: { characters: 'text', max: 20 } })(value)).toBe(false);
    },
  );
});

const jsonCases: Case<JsonSlot, unknown>[] = [
  { name: 'a text', slot: 'a', fits: ['a'], misses: ['b', null, ['a'], {}] },
  { name: 'a number', slot: 5, fits: [5], misses: ['5', 5.1, true, [5]] },
  { name: 'a boolean', slot: false, fits: [false], misses: [0, '', null, 'false', true] },
  { name: 'null', slot: null, fits: [null], misses: [0, '', 'null', {}, []] },
  { name: 'a mixed set', slot: { oneOf: [1, '1', null] }, fits: [1, '1', null], misses: [true, 2, ''] },
  {
    name: 'an integer range',
    slot: { integer: { min: 0, max: 9 } },
    fits: [0, 9],
    misses: [10, 1.5, '1', null],
  },
  {
    name: 'a decimal range',
    slot: { decimal: { min: 0, max: 1, places: 2 } },
    fits: [0, 0.5, 0.25, 1],
    misses: [0.125, 1.5, '0.5', 1e-7],
  },
  { name: 'whole decimals', slot: { decimal: { min: 0, max: 9, places: 0 } }, fits: [3], misses: [3.5] },
  {
    name: 'a moment as a number',
    slot: { time: { format: 'unix-ms', relative: [-minute, 0] } },
    fits: [noon, noon - 1],
    misses: [noon + 1, `${noon}`, noon - 0.5, noon / 1000],
  },
  {
    name: 'a moment as text',
    slot: { string: { time: { format: 'rfc3339', fraction: 3, relative: [-minute, 0] } } },
    fits: [iso(0)],
    misses: [iso(1), noon],
  },
  {
    name: 'an object',
    slot: { object: { a: 1, b: { string: { oneOf: ['x', 'y'] } } }, optional: ['b'] },
    fits: [{ a: 1 }, { a: 1, b: 'x' }, { b: 'y', a: 1 }],
    misses: [{}, { b: 'x' }, { a: 1, b: 'z' }, { a: 1, c: 1 }, { a: 1, b: null }, [], null],
  },
  { name: 'an empty object', slot: { object: {} }, fits: [{}], misses: [{ a: 1 }, [], null] },
  {
    name: 'exact elements',
    slot: { array: [1, 'a'] },
    fits: [[1, 'a']],
    misses: [[], [1], ['a', 1], [1, 'a', 1], { 0: 1, 1: 'a' }],
  },
  {
    name: 'elements within bounds',
    slot: { each: { oneOf: [1, 2] }, min: 1, max: 3 },
    fits: [[1], [2, 2, 1]],
    misses: [[], [3], [1, 1, 1, 1], [[1]], 1],
  },
  {
    name: 'one of several',
    slot: { anyOf: [null, { each: 1, min: 0, max: 1 }] },
    fits: [null, [], [1]],
    misses: [[2], {}],
  },
];

describe.each(jsonCases)('$name in JSON', ({ slot, fits, misses }) => {
  const admits = inJson(slot);
  test.each(fits.map((value) => [value]))('fits %j', (value) => expect(admits(value)).toBe(true));
  test.each(misses.map((value) => [value]))('does not fit %j', (value) => expect(admits(value)).toBe(false));
});

describe('spans', () => {
  const time = (name: string) => ({
    time: { format: 'unix-s' as const, relative: [-86_400_000, 0] as [number, number], name },
  });
  const { ask, refused } = asking([
    {
      method: 'GET',
      path: ['range'],
      query: [
        { name: 'start', value: time('query start') },
        { name: 'end', value: time('query end') },
      ],
      spans: [{ from: 'query start', to: 'query end', min: 55 * minute, max: 65 * minute }],
    },
  ]);
  const range = (start: number, end: number) =>
    get(`/range?start=${noon / 1000 + start}&end=${noon / 1000 + end}`);

  test('hold the length of a range while both ends move', () => {
    expect(ask(range(-3600, 0)).admitted).toBe(true);
    expect(ask(range(-20_000, -16_400)).admitted).toBe(true);
  });

  test('refuse a longer, a shorter and a backward range', () => {
    for (const [start, end] of [
      [-86_000, 0],
      [-60, 0],
      [0, -3600],
    ] as const) {
      expect(refused(range(start, end)).difference).toBe(
        'The rule expects that end is 55 minutes to 1 hour 5 minutes after start, which does not hold.',
      );
    }
  });
});

test('parameters keep the way the dashboard writes them', () => {
  const { admitted } = asking([
    {
      method: 'GET',
      path: ['x'],
      query: [
        { name: 'q', value: 'a b', plus: true },
        { name: 'r', value: 'a b' },
        { name: 'acl', value: '', bare: true },
        { name: '', value: { integer: { min: 1, max: 9 } }, bare: true },
      ],
    },
  ]);
  expect(admitted(get('/x?5&acl&r=a+b&q=a%20b')).target).toBe('/x?q=a+b&r=a%20b&acl&5');
});

test('a form keeps its content type and its order', () => {
  const { admitted } = asking([
    {
      method: 'POST',
      path: ['x'],
      body: {
        kind: 'form',
        contentType: 'application/x-www-form-urlencoded; charset=UTF-8',
        form: [
          { name: 'a', values: ['1', '2'] },
          { name: 'b', value: '3' },
        ],
      },
    },
  ]);
  const call = admitted({
    method: 'POST',
    target: '/x',
    contentType: 'application/x-www-form-urlencoded',
    body: Buffer.from('b=3&a=1&a=2'),
  });
  expect([call.contentType, bodyText(call)]).toEqual([
    'application/x-www-form-urlencoded; charset=UTF-8',
    'a=1&a=2&b=3',
  ]);
});

test('other text is admitted as it is spelled out', () => {
  const { ask, admitted } = asking([
    {
      method: 'POST',
      path: ['x'],
      body: { kind: 'text', contentType: 'text/plain;charset=UTF-8', text: { json: { array: [1] } } },
    },
  ]);
  const send = (text: string) => ({
    method: 'POST',
    target: '/x',
    contentType: 'text/plain',
    body: Buffer.from(text),
  });
  expect(bodyText(admitted(send('[ 1 ]')))).toBe('[1]');
  expect(ask(send('[2]')).admitted).toBe(false);
});
