import fc from 'fast-check';
import type { RawRequest } from '../../../shared/allowlist/decide.ts';
import { get } from './asking.ts';
import { mutationsOf } from './mutations.ts';
import { inferring, opened, recording, requestsOf, type RecordedCall } from './recording.ts';

const second = 1000;
const hour = 3_600_000;

const word = fc.constantFrom('cpu', 'disk', 'a b', 'é', '50%', 'x/y', '', '7', '101', 'up{job="a"}');
const fixed = fc.record({ name: fc.constantFrom('id', 'kind', 'q', 'tag[]'), value: word });
const timed = fc.constantFrom<(now: number) => [string, string]>(
  (now) => ['from', String(now - hour)],
  (now) => ['to', new Date(now).toISOString()],
  (now) => ['_', String(now)],
  (now) => ['t', String(now / 1000)],
);

interface Panel {
  readonly path: string;
  readonly values: readonly { name: string; value: string }[];
  readonly times: readonly ((now: number) => [string, string])[];
  readonly body: 'none' | 'form' | 'json';
}

const panel: fc.Arbitrary<Panel> = fc.record({
  path: fc.constantFrom('/', '/api/values', '/api/v1/query', '/a%20b/c', '/x/'),
  values: fc.uniqueArray(fixed, { selector: ({ name }) => name, maxLength: 3 }),
  times: fc.uniqueArray(timed, { maxLength: 2 }),
  body: fc.constantFrom('none', 'form', 'json'),
});

function callOf({ path, values, times, body }: Panel, after: number, start: number): RecordedCall {
  const now = opened + start + after * second;
  const pairs = [
    ...values.map(({ name, value }): [string, string] => [name, value]),
    ...times.map((time) => time(now)),
  ];
  const query = new URLSearchParams(pairs).toString();
  if (body === 'none' || pairs.length === 0) return { after, url: query === '' ? path : `${path}?${query}` };
  return body === 'form'
    ? { after, url: path, form: query }
    : { after, url: path, json: Object.fromEntries(pairs) };
}

const dashboards = fc.record({
  panels: fc.array(panel, { minLength: 1, maxLength: 6 }),
  refreshes: fc.integer({ min: 1, max: 4 }),
  openings: fc.integer({ min: 1, max: 3 }),
});

const recordings = ({
  panels,
  refreshes,
  openings,
}: {
  panels: Panel[];
  refreshes: number;
  openings: number;
}) =>
  Array.from({ length: openings }, (_, opening) => {
    const start = opening * 2 * hour;
    const calls = Array.from({ length: refreshes }, (_, at) =>
      panels.map((one) => callOf(one, at * 5, start)),
    );
    return recording(calls.flat(), start);
  });

test('every recorded call is admitted at its own time, and the same dashboard a day and a month later', () => {
  fc.assert(
    fc.property(dashboards, (dashboard) => {
      const hars = recordings(dashboard);
      const { admits, ignored } = inferring(hars);
      expect(ignored).toEqual([]);
      for (const { request, at } of hars.flatMap(requestsOf))
        expect([request.target, admits(request, at)]).toEqual([request.target, true]);
      for (const days of [1, 30.3]) {
        const later = recording(
          dashboard.panels.map((one) => callOf(one, 0, days * 24 * hour)),
          days * 24 * hour,
        );
        for (const { request, at } of requestsOf(later))
          expect([request.target, admits(request, at)]).toEqual([request.target, true]);
      }
    }),
    { numRuns: 120 },
  );
});

/** Equal for calls that differ only in the order of their parameters or members. */
function meaning({ method, target, body }: RawRequest): string {
  const url = new URL(target, 'http://on-prem');
  const text = Buffer.from(body ?? []).toString('utf8');
  const members = text.startsWith('{')
    ? Object.entries(JSON.parse(text) as object)
    : [...new URLSearchParams(text)];
  return JSON.stringify([method, url.pathname, [...url.searchParams].sort(), members.sort()]);
}

test('nothing that was pinned may be changed', () => {
  fc.assert(
    fc.property(dashboards, (dashboard) => {
      const hars = recordings(dashboard);
      const { admits } = inferring(hars);
      const calls = hars.flatMap(requestsOf);
      const recorded = new Set([...calls.map(({ request }) => request), get('/')].map(meaning));
      for (const { request, at } of calls.slice(0, 6)) {
        for (const mutation of mutationsOf(request)) {
          if (!recorded.has(meaning(mutation.request))) {
            expect([mutation.what, mutation.request.target, admits(mutation.request, at)]).toEqual([
              mutation.what,
              mutation.request.target,
              false,
            ]);
          }
        }
      }
    }),
    { numRuns: 40 },
  );
});
