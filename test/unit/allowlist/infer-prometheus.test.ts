import { readFileSync } from 'node:fs';
import { compileAllowlist } from '../../../shared/allowlist/compile.ts';
import { decide } from '../../../shared/allowlist/decide.ts';
import { describeAllowlist } from '../../../shared/allowlist/describe.ts';
import { diffAllowlists, diffLines } from '../../../shared/allowlist/diff.ts';
import { parseHar } from '../../../shared/allowlist/har.ts';
import { inferAllowlist } from '../../../shared/allowlist/infer.ts';
import { mutationsOf } from './mutations.ts';
import { requestsOf } from './recording.ts';

interface Recordings {
  origin: string;
  recordings: Record<'first' | 'second' | 'hours' | 'days' | 'other', { shift: number; har: unknown }>;
}

const { origin, recordings } = JSON.parse(
  readFileSync('test/data/allowlist/prometheus-recordings.json', 'utf8'),
) as Recordings;
const har = (name: keyof typeof recordings) => parseHar(recordings[name].har);
/** The calls of a recording and the time that the page took it to be. */
const calls = (name: keyof typeof recordings) =>
  requestsOf(har(name)).map(({ request, at }) => ({ request, at: at + recordings[name].shift }));

const entryPath = calls('first')[0]?.request.target ?? '';
const infer = (...names: (keyof typeof recordings)[]) =>
  inferAllowlist({ hars: names.map(har), origin, entryPath });

describe.each([
  ['one recording', infer('first')],
  ['two recordings', infer('first', 'second')],
])('a Prometheus graph page, inferred from %s', (_name, inference) => {
  const compiled = compileAllowlist(inference.allowlist);
  const ask = ({ request, at }: ReturnType<typeof calls>[number]) => decide(compiled, request, at);

  test('ignores none of its calls', () => {
    expect(inference.ignored).toEqual([]);
  });

  test.each(['first', 'second', 'hours', 'days'] as const)(
    'admits every call of the recording %s, made at its own time',
    (name) => {
      const refused = calls(name).flatMap((call) => {
        const decision = ask(call);
        return decision.admitted ? [] : [`${call.request.target}: ${decision.refusal.difference}`];
      });
      expect(refused).toEqual([]);
    },
  );

  test('forwards every call as the page meant it', () => {
    for (const call of calls('hours')) {
      const decision = ask(call);
      if (!decision.admitted) throw new Error(decision.refusal.difference);
      const [sent, forwarded] = [call.request.target, decision.call.target].map(
        (target) => new URL(target, origin),
      );
      expect(forwarded?.pathname).toBe(sent?.pathname);
      expect(new Map(forwarded?.searchParams)).toEqual(new Map(sent?.searchParams));
      // Prometheus gives its version with pluses, once encoded and once not.
      expect(decision.call.target.includes('+')).toBe(call.request.target.includes('+'));
    }
  });

  test('refuses calls of hours later now, and of now hours later', () => {
    for (const { request, at } of calls('hours').filter(({ request }) =>
      request.target.includes('query_range'),
    )) {
      expect(decide(compiled, request, at - recordings.hours.shift).admitted).toBe(false);
      expect(decide(compiled, request, at + recordings.hours.shift).admitted).toBe(false);
    }
  });

  test('refuses another PromQL query, and says what it expected', () => {
    const other = calls('other').filter(({ request }) => request.target.includes('process_open_fds'));
    expect(other.length).toBeGreaterThan(1);
    const differences = other.map((call) => {
      const decision = ask(call);
      return decision.admitted ? 'admitted' : decision.refusal.difference;
    });
    expect(differences).toContain('Query parameter “query” is expected to be “up”, came “process_open_fds”.');
    expect(differences).not.toContain('admitted');
  });

  test('refuses every call in which one thing was changed', () => {
    const admitted = calls('first').flatMap((call) =>
      mutationsOf(call.request)
        .filter(({ request }) => ask({ ...call, request }).admitted)
        .map(({ what, request }) => `${what}: ${request.target}`),
    );
    expect(admitted).toEqual([]);
  });

  test('refuses a longer range and a finer step', () => {
    const range = calls('first').find(({ request }) => request.target.includes('query_range'));
    if (range === undefined) throw new Error('the recording holds a range');
    const change = (name: string, by: number) => {
      const url = new URL(range.request.target, origin);
      url.searchParams.set(name, String(Number(url.searchParams.get(name)) + by));
      return ask({ ...range, request: { ...range.request, target: url.pathname + url.search } }).admitted;
    };
    expect(change('start', -60)).toBe(true);
    expect(change('start', -300)).toBe(false);
    expect(change('end', 3600)).toBe(false);
    expect(change('step', -1)).toBe(false);
  });

  test('reads like the dashboard', () => {
    const lines = describeAllowlist(inference.allowlist).filter((line) => line.includes('query_range'));
    expect(lines).toEqual([
      'GET /api/v1/query_range with query = “up”, start = a time from 1 hour 10 minutes ago to 50 minutes ago (Unix seconds), end = a time from 10 minutes ago to 10 minutes from now (Unix seconds), step = “14”, _ = a time from 31 days ago to 10 minutes from now (Unix milliseconds) where end is 57 minutes to 1 hour 3 minutes after start',
      'GET /api/v1/query_range with query = “rate(prometheus_http_requests_total[5m])”, start = a time from 6 hours 10 minutes ago to 5 hours 50 minutes ago (Unix seconds), end = a time from 10 minutes ago to 10 minutes from now (Unix seconds), step = “86”, _ = a time from 31 days ago to 10 minutes from now (Unix milliseconds) where end is 5 hours 42 minutes to 6 hours 18 minutes after start',
    ]);
  });
});

test('opening the dashboard again finds no difference', () => {
  expect(diffLines(diffAllowlists(infer('first').allowlist, infer('second').allowlist))).toEqual([]);
});
