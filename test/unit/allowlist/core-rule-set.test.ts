import { readFileSync } from 'node:fs';
import { asking, bodyText, type RuleWithoutId } from './asking.ts';

interface Attack {
  id: string;
  method: string;
  target: string;
  contentType?: string;
  headers?: Record<string, string>;
  body?: string;
}

const { cases } = JSON.parse(readFileSync('test/data/allowlist/core-rule-set.json', 'utf8')) as {
  cases: Attack[];
};
const request = ({ body, ...attack }: Attack) => ({
  ...attack,
  ...(body === undefined ? {} : { body: Buffer.from(body) }),
});

const form = (value: RuleWithoutId['path'][number]): RuleWithoutId['body'] => ({
  kind: 'form',
  contentType: 'application/x-www-form-urlencoded',
  form: ['var', 'foo', 'payload', 'arg', 'test'].map((name) => ({ name, value, optional: true })),
});

/** The paths that the corpus attacks, with ordinary values. */
const pinned: RuleWithoutId[] = ['', 'get', 'post', 'anything', 'index.php', 'login'].flatMap(
  (path): RuleWithoutId[] => [
    { method: 'GET', path: [path], query: [{ name: 'foo', value: 'bar' }] },
    {
      method: 'GET',
      path: [path],
      query: ['var', 'arg', 'test'].map((name) => ({ name, value: 'ordinary', optional: true as const })),
    },
    { method: 'POST', path: [path], body: form('ordinary') ?? never() },
  ],
);

function never(): never {
  throw new Error('unreachable');
}

describe('requests that the OWASP Core Rule Set catches', () => {
  const strict = asking(pinned);

  test('are refused, or are calls that the rules name word for word', () => {
    const named = /^\/(?:get|post|anything|index\.php|login)?(?:\?foo=bar)?$/;
    let refused = 0;
    for (const attack of cases) {
      const decision = strict.ask(request(attack));
      // Their attack is in a header or cookie that no gateway forwards.
      if (decision.admitted)
        expect([attack.id, decision.call.target, decision.call.body]).toEqual([
          attack.id,
          expect.stringMatching(named),
          undefined,
        ]);
      else refused++;
    }
    expect(refused).toBeGreaterThan(cases.length * 0.8);
  });

  test('reach a slot of free text only as that one value', () => {
    const free = { text: { characters: 'lines' as const, max: 4000 } };
    const loose = asking(
      ['', 'get', 'post', 'anything'].flatMap((path): RuleWithoutId[] => [
        {
          method: 'GET',
          path: [path],
          query: ['var', 'foo', 'arg', 'test', 'x'].map((name) => ({
            name,
            value: free,
            optional: true as const,
          })),
        },
        { method: 'POST', path: [path], body: form(free) ?? never() },
      ]),
    );
    let admitted = 0;
    for (const attack of cases) {
      const decision = loose.ask(request(attack));
      if (!decision.admitted) continue;
      admitted++;
      const { call } = decision;
      const url = new URL(call.target, 'http://on-prem');
      const sent = new URL(attack.target, 'http://on-prem');
      expect([url.host, url.pathname]).toEqual(['on-prem', sent.pathname]);
      expect(new Map(url.searchParams)).toEqual(new Map(sent.searchParams));
      expect(new Map(new URLSearchParams(bodyText(call)))).toEqual(new Map(new URLSearchParams(attack.body)));
    }
    expect(admitted).toBeGreaterThan(200);
  });
});
