import { admitCall } from '../../../shared/allowlist/admit-call.ts';
import { compileAllowlist } from '../../../shared/allowlist/compile.ts';
import { decide } from '../../../shared/allowlist/decide.ts';
import { diffAllowlists, diffLines } from '../../../shared/allowlist/diff.ts';
import { explicitAllowlist } from '../../../shared/allowlist/explicit.ts';
import { get, noon, postJson } from './asking.ts';

describe('the difference between two allowlists', () => {
  const before = explicitAllowlist([
    { path: '/a' },
    { path: '/v', query: { id: 1, unit: 'kWh' } },
    { path: '/v', query: { id: 2, unit: 'kWh' } },
    { method: 'POST', path: '/q', json: { a: 1 } },
    { path: '/old' },
  ]);

  test('is nothing when only order and ids differ', () => {
    const rules = [...before.rules].reverse().map((rule, at) => ({ ...rule, id: `x${at}` }));
    expect(diffAllowlists(before, { version: 1, rules })).toEqual({ added: [], removed: [], changed: [] });
  });

  test('is told in words', () => {
    const after = explicitAllowlist([
      { path: '/a' },
      { path: '/v', query: { id: 1, unit: 'kWh' } },
      { path: '/v', query: { id: 2, unit: 'MWh', extra: { integer: [1, 2] } } },
      { method: 'POST', path: '/q', json: { a: 2 } },
      { path: '/new', query: { x: 'y' } },
    ]);
    expect(diffLines(diffAllowlists(before, after))).toEqual([
      '+ GET /new with x = “y”',
      '- GET /old',
      '~ GET /v: query parameter unit = “MWh”, was “kWh”; query parameter extra = a whole number from 1 to 2 is new',
      '~ POST /q: the body is the JSON {a: 2}, was the JSON {a: 1}',
    ]);
  });
});

describe('admitting a refused call', () => {
  const allowlist = explicitAllowlist([{ path: '/a' }]);
  const refused = get(`/v?id=7&from=${noon - 3_600_123}&to=${noon - 123}&name=a+b`);

  test('adds one rule, whose times move on', () => {
    const { allowlist: wider, rule } = admitCall(allowlist, refused, noon);
    expect(rule?.id).toBe('r2');
    const ask = (target: string, now: number) => decide(compileAllowlist(wider), get(target), now);
    expect(ask(refused.target, noon)).toMatchObject({ admitted: true, call: { target: refused.target } });
    expect(ask(refused.target, noon + 86_400_000).admitted).toBe(false);
    const later = noon + 86_400_000;
    expect(ask(`/v?id=7&from=${later - 3_600_123}&to=${later - 123}&name=a+b`, later).admitted).toBe(true);
    expect(ask(`/v?id=8&from=${noon - 3_600_123}&to=${noon - 123}&name=a+b`, noon).admitted).toBe(false);
    expect(ask('/a', noon).admitted).toBe(true);
  });

  test('changes nothing when the call is admitted already', () => {
    expect(admitCall(allowlist, get('/a'), noon)).toEqual({ allowlist, warnings: [] });
  });

  test('is not possible for what has no single meaning', () => {
    expect(() => admitCall(allowlist, get('/a/..'), noon)).toThrow('dot segment');
    expect(() => admitCall(allowlist, postJson('/a', '{"a":1,"a":2}'), noon)).toThrow('twice');
  });
});
