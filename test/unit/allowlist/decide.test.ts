import { compileAllowlist } from '../../../shared/allowlist/compile.ts';
import { decide } from '../../../shared/allowlist/decide.ts';
import { asking, get, noon, postJson, type RuleWithoutId } from './asking.ts';

const jsonRule = (elementId: number, minutes: number): RuleWithoutId => ({
  method: 'POST',
  path: ['api', 'values'],
  body: {
    kind: 'json',
    contentType: 'application/json',
    json: { object: { elementId, minutes, unit: 'kWh' } },
  },
});

describe('rules that differ in one literal', () => {
  test('of a JSON body are told apart among five thousand', () => {
    const { admitted, refused } = asking(Array.from({ length: 5000 }, (_, at) => jsonRule(at, at % 7)));
    expect(
      admitted(postJson('/api/values', { elementId: 4321, minutes: 4321 % 7, unit: 'kWh' })).ruleId,
    ).toBe('r4322');
    const refusal = refused(postJson('/api/values', { elementId: 4321, minutes: 60, unit: 'kWh' }));
    expect(refusal).toEqual({
      code: 'not-listed',
      nearestRule: 'r4322',
      difference: 'JSON member “/minutes” is expected to be 2, came the number 60.',
    });
    refused(postJson('/api/values', { elementId: '4321', minutes: 4321 % 7, unit: 'kWh' }));
  });

  test('of a query, a form or a set are told apart', () => {
    const { admitted, ask } = asking([
      ...['a', 'b', 'c'].map((id): RuleWithoutId => ({
        method: 'GET',
        path: ['v'],
        query: [
          { name: 'id', value: id },
          { name: 'kind', value: `${id}${id}` },
        ],
      })),
      {
        method: 'GET',
        path: ['v'],
        query: [
          { name: 'id', value: { oneOf: ['d', 'e'] } },
          { name: 'kind', value: 'set' },
        ],
      },
      {
        method: 'GET',
        path: ['v'],
        query: [
          { name: 'id', value: { integer: { min: 1, max: 9 } } },
          { name: 'kind', value: 'number' },
        ],
      },
      {
        method: 'GET',
        path: ['v'],
        query: [
          { name: 'id', value: 'a' },
          { name: 'other', value: 'x', optional: true },
        ],
      },
    ]);
    expect(admitted(get('/v?id=b&kind=bb')).ruleId).toBe('r2');
    expect(admitted(get('/v?id=e&kind=set')).ruleId).toBe('r4');
    expect(admitted(get('/v?kind=number&id=7')).ruleId).toBe('r5');
    expect(admitted(get('/v?id=a')).ruleId).toBe('r6');
    expect(admitted(get('/v?id=a&other=x')).ruleId).toBe('r6');
    expect(ask(get('/v?id=b&kind=aa')).admitted).toBe(false);
    expect(ask(get('/v?id=b')).admitted).toBe(false);
    expect(ask(get('/v')).admitted).toBe(false);
  });

  test('in a parameter that may be missing are found with and without it', () => {
    const { admitted, ask } = asking(
      ['a', 'b'].map((kind): RuleWithoutId => ({
        method: 'GET',
        path: ['v'],
        query: [
          { name: 'id', value: 'x' },
          { name: 'kind', value: kind, optional: true },
        ],
      })),
    );
    expect(admitted(get('/v?id=x')).ruleId).toBe('r1');
    expect(admitted(get('/v?id=x&kind=b')).ruleId).toBe('r2');
    expect(ask(get('/v?id=x&kind=c')).admitted).toBe(false);
  });

  test('of a path are found behind literals and slots alike', () => {
    const { admitted, ask } = asking([
      { method: 'GET', path: ['a', { integer: { min: 1, max: 5 } }, 'x'] },
      { method: 'GET', path: ['a', '3', 'y'] },
      { method: 'GET', path: ['a', { integer: { min: 3, max: 9 } }, 'z'] },
    ]);
    expect(admitted(get('/a/3/x')).ruleId).toBe('r1');
    expect(admitted(get('/a/3/y')).ruleId).toBe('r2');
    expect(admitted(get('/a/3/z')).ruleId).toBe('r3');
    expect(ask(get('/a/2/z')).admitted).toBe(false);
    expect(ask(get('/a/4/y')).admitted).toBe(false);
  });
});

test('a literal cannot admit what is refused before any rule, even in an allowlist that nobody checked', () => {
  const compiled = compileAllowlist({
    version: 1,
    rules: [{ id: 'r1', method: 'GET', path: ['a', '..', 'b'] }],
  });
  expect(decide(compiled, get('/a/../b'), noon).admitted).toBe(false);
});

describe('a refusal explains itself', () => {
  const { refused } = asking([
    {
      method: 'GET',
      path: ['api', 'v1', 'query'],
      query: [
        { name: 'query', value: 'up' },
        { name: 'time', value: { time: { format: 'unix-s', relative: [-600_000, 600_000] } } },
      ],
    },
    { method: 'GET', path: ['graph'] },
    jsonRule(101, 60),
    {
      method: 'POST',
      path: ['login'],
      body: {
        kind: 'form',
        contentType: 'application/x-www-form-urlencoded',
        form: [{ name: 'user', value: 'a' }],
      },
    },
  ]);

  test.each([
    [
      '/api/v1/query?query=secret&time=1718452800',
      'r1',
      'Query parameter “query” is expected to be “up”, came “secret”.',
    ],
    [
      '/api/v1/query?query=up&time=1',
      'r1',
      'Query parameter “time” is expected to be a time from 10 minutes ago to 10 minutes from now (Unix seconds), came “1”.',
    ],
    ['/api/v1/query?query=up', 'r1', 'Query parameter “time” is missing.'],
    ['/api/v1/query?query=up&time=1718452800&limit=1', 'r1', 'Query parameter “limit” is not expected.'],
    [
      '/api/v1/query?query=up&query=up&time=1718452800',
      'r1',
      'Query parameter “query” is expected once, came 2 times.',
    ],
    [
      '/api/v1/secret?query=up&time=1718452800',
      'r1',
      'The rule expects the path /api/v1/query, came “/api/v1/secret”.',
    ],
    [
      '/api/v1/query?query=x&time=1',
      'r1',
      'Query parameter “query” is expected to be “up”, came “x”; 1 more difference.',
    ],
  ])('%s', (target, nearestRule, difference) => {
    expect(refused(get(target))).toEqual({ code: 'not-listed', nearestRule, difference });
  });

  test('naming the method, the content type or the JSON member', () => {
    expect(refused({ method: 'DELETE', target: '/graph' }).difference).toBe(
      'The rule expects the method GET, came DELETE.',
    );
    expect(refused({ ...postJson('/api/values', {}), contentType: 'application/ld+json' })).toMatchObject({
      nearestRule: 'r3',
      difference: 'The content type application/json is expected, came “application/ld+json”.',
    });
    expect(refused(postJson('/api/values', { elementId: 102, minutes: 60, unit: 'kWh' })).difference).toBe(
      'JSON member “/elementId” is expected to be 101, came the number 102.',
    );
    expect(refused(postJson('/api/values', { minutes: 60, unit: 'kWh' })).difference).toBe(
      'JSON member “/elementId” is missing.',
    );
    expect(refused({ method: 'POST', target: '/login' }).difference).toBe('A body is expected.');
  });

  test('quoting at most eighty characters, on one line', () => {
    const { difference } = refused(get(`/api/v1/query?query=${'x%0A'.repeat(2000)}&time=1718452800`));
    expect(difference.length).toBeLessThan(200);
    expect(difference).toContain('x↵x↵');
    expect(difference).toContain('…”');
  });

  test('before any rule where the request has no single meaning', () => {
    expect(refused(get('/graph/../x'))).toEqual({
      code: 'ambiguous',
      difference: 'Refused before any rule: the path holds a dot segment.',
    });
  });

  test('also when there is no rule', () => {
    expect(asking([]).refused(get('/'))).toEqual({
      code: 'not-listed',
      difference: 'No rule admits any GET call.',
    });
  });
});
