import fc from 'fast-check';
import { parseRequest } from '../../../shared/allowlist/request-parse.ts';
import { calls, encodeOddly, type Call } from './arbitrary-call.ts';
import { asking, bodyText, type RuleWithoutId } from './asking.ts';

const counter = (seed: number) => {
  let state = seed;
  return () => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) >> 8;
};

/** The call as some client might write it. */
function written(call: Call, seed: number) {
  const choice = counter(seed);
  const pairs = (list: readonly (readonly [string, string])[]) =>
    list
      .map(([name, value]) => `${encodeOddly(name, choice, true)}=${encodeOddly(value, choice, true)}`)
      .join('&');
  // An encoded semicolon is refused in paths.
  const path = call.path
    .map((segment) => `/${encodeOddly(segment, choice, false).replaceAll(/%3b/gi, ';')}`)
    .join('');
  const target = call.query.length === 0 ? path : `${path}?${pairs(call.query)}`;
  const { method } = call.rule;
  if (call.form !== undefined) {
    const contentType = 'application/x-www-form-urlencoded; charset=UTF-8';
    return { method, target, contentType, body: Buffer.from(pairs(call.form)) };
  }
  if (call.rule.body?.kind !== 'json') return { method, target };
  const body = Buffer.from(JSON.stringify(call.json, null, seed % 3));
  return { method, target, contentType: 'application/json', body };
}

const decoy: RuleWithoutId = { method: 'POST', path: ['decoy'], query: [{ name: 'x', value: '1' }] };
const seeds = fc.integer({ min: 1, max: 1_000_000 });

test('however a call is written, it is admitted, and forwarded so that Node reads the values of the rule', () => {
  fc.assert(
    fc.property(calls, seeds, (call, seed) => {
      const { admitted } = asking([decoy, call.rule, decoy]);
      const forwarded = admitted(written(call, seed));
      const url = new URL(forwarded.target, 'http://on-prem');
      expect(url.pathname.split('/').slice(1).map(decodeURIComponent)).toEqual(call.path);
      expect([...url.searchParams]).toEqual(call.query);
      expect(url.host).toBe('on-prem');
      if (call.form !== undefined) expect([...new URLSearchParams(bodyText(forwarded))]).toEqual(call.form);
      if (call.rule.body?.kind === 'json') expect(JSON.parse(bodyText(forwarded))).toEqual(call.json);
    }),
    { numRuns: 500 },
  );
});

test('what is forwarded is admitted again and forwarded the same', () => {
  fc.assert(
    fc.property(calls, seeds, (call, seed) => {
      const { admitted } = asking([call.rule]);
      const forwarded = admitted(written(call, seed));
      expect(admitted(forwarded)).toEqual(forwarded);
    }),
    { numRuns: 300 },
  );
});

test('parsing what is forwarded gives what was parsed', () => {
  fc.assert(
    fc.property(calls, seeds, (call, seed) => {
      const request = written(call, seed);
      const forwarded = asking([call.rule]).admitted(request);
      expect(parseRequest(forwarded)).toEqual(parseRequest(request));
    }),
    { numRuns: 300 },
  );
});
