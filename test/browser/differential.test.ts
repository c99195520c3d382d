import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../../local/rehearsal/runtime.ts';
import type { RawRequest } from '../../shared/allowlist/request.ts';
import { startNginx } from '../support/applications/nginx.ts';
import type { Application } from '../support/applications/program.ts';
import { startPrometheus } from '../support/applications/prometheus.ts';
import { asking, type RuleWithoutId } from '../unit/allowlist/asking.ts';
import { fuzz, generator } from '../unit/allowlist/differential-fuzz.ts';

/** A long run: `FUZZ_CASES=1000000`; another one: `FUZZ_SEED`. */
const cases = Number(process.env.FUZZ_CASES ?? 20_000);
const seed = Number(process.env.FUZZ_SEED ?? 20_240_616);

const agent = new Agent({ keepAlive: true, maxSockets: 4 });

interface Sent {
  readonly method: string;
  readonly target: string;
  readonly contentType?: string | undefined;
  readonly body?: Uint8Array | undefined;
}

/** Sends a call as the gateway does: the target goes out as it was written. */
async function ask(origin: string, { method, target, contentType, body }: Sent) {
  const { hostname, port } = new URL(origin);
  const headers = {
    ...(contentType !== undefined && { 'content-type': contentType }),
    ...(body && { 'content-length': String(body.length) }),
  };
  const outgoing = request({ hostname, port, method, path: target, headers, agent });
  outgoing.end(body);
  const [response] = (await once(outgoing, 'response')) as [AsyncIterable<Buffer> & { statusCode?: number }];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return { status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() };
}

/** What noise gets through the allowlist, as read by programs that nobody here wrote. */
describe('what is forwarded', () => {
  let nginx: Application;
  let prometheus: Application;
  let folder: string;
  let queryLog: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'drawbridge-differential-'));
    queryLog = join(folder, 'queries.log');
    [nginx, prometheus] = await Promise.all([startNginx(), startPrometheus(queryLog)]);
  });

  afterAll(async () => {
    agent.destroy();
    await nginx?.close();
    await prometheus?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('is the same call to nginx, which resolves dots and merges slashes', async () => {
    const calls = new Map<string, { method: string; target: string }>();
    const { admitted } = fuzz({
      cases,
      seed,
      forwarded: (call) => void calls.set(`${call.method} ${call.target}`, call),
    });
    expect(admitted).toBeGreaterThan(cases / 100);
    for (const { method, target } of calls.values()) {
      const [path = '', query = ''] = target.split('?');
      const parameter = (name: string) =>
        query
          .split('&')
          .find((each) => each.startsWith(`${name}=`))
          ?.slice(name.length + 1) ?? '';
      const read = await ask(nginx.origin, { method, target });
      expect({ target, ...read }).toEqual({
        target,
        status: 200,
        text: [method, decodeURIComponent(path), query, parameter('q'), parameter('n')].join('\n'),
      });
      expect(decodeURIComponent(path).split('/')).toHaveLength(path.split('/').length);
    }
    process.stderr.write(`nginx: ${cases} cases, ${admitted} admitted, ${calls.size} of them different\n`);
  }, 3_600_000);

  it('is, by the log of Prometheus, a query that the rules name', async () => {
    const { ask: decide } = asking(prometheusRules);
    const { below, some } = generator(seed);
    const calls = new Map<string, Sent>();
    let admitted = 0;
    for (let at = 0; at < cases; at++) {
      const decision = decide(noise(below, some));
      if (!decision.admitted) continue;
      admitted++;
      const { method, target, contentType, body } = decision.call;
      const key = `${method} ${target} ${Buffer.from(body ?? []).toString()}`;
      if (!calls.has(key)) calls.set(key, { method, target, contentType, body });
    }
    expect(admitted).toBeGreaterThan(cases / 100);
    for (const call of calls.values()) {
      const { status } = await ask(prometheus.origin, call);
      expect([call.target, status]).toEqual([call.target, 200]);
    }
    const executed = await eventually(async () => {
      const lines = (await readFile(queryLog, 'utf8')).trim().split('\n');
      const all = lines.map((line) => JSON.parse(line) as LoggedQuery);
      const ours = all.filter(({ httpRequest }) => httpRequest !== undefined);
      // One more came from whoever waited for the start.
      return ours.length > calls.size && ours;
    });
    expect(executed.filter((query) => !isNamed(query))).toEqual([]);
    // And the log would have told: the first of two parameters counts there, the last one elsewhere.
    await ask(prometheus.origin, { method: 'GET', target: '/api/v1/query?query=vector(1)&query=up' });
    const after = await eventually(async () => {
      const lines = (await readFile(queryLog, 'utf8')).trim().split('\n');
      return lines.length > executed.length && (JSON.parse(lines.at(-1) ?? '') as LoggedQuery);
    });
    expect(isNamed(after)).toBe(false);
    process.stderr.write(
      `prometheus: ${cases} cases, ${admitted} admitted, ${calls.size} of them different\n`,
    );
  }, 3_600_000);
});

interface LoggedQuery {
  readonly params: {
    readonly query: string;
    readonly start: string;
    readonly end: string;
    readonly step: number;
  };
  readonly httpRequest?: { readonly method: string; readonly path: string };
}

const from = 1_718_452_800;
const until = from + 99;
const query = 'up + 1';

const moment = { integer: { min: from, max: until } } as const;
const prometheusRules: RuleWithoutId[] = [
  {
    method: 'GET',
    path: ['api', 'v1', 'query'],
    query: [
      { name: 'query', value: { oneOf: ['up', query] } },
      { name: 'time', value: moment },
    ],
  },
  {
    method: 'GET',
    path: ['api', 'v1', 'query_range'],
    query: [
      { name: 'query', value: 'up' },
      { name: 'start', value: moment },
      { name: 'end', value: `${until}` },
      { name: 'step', value: '14' },
    ],
  },
  {
    method: 'POST',
    path: ['api', 'v1', 'query'],
    body: {
      kind: 'form',
      contentType: 'application/x-www-form-urlencoded',
      form: [
        { name: 'query', value: { oneOf: ['up', query] } },
        { name: 'time', value: moment },
      ],
    },
  },
];

const parameterPieces = [
  ...['query=up', 'query=up', 'query=up', `time=${from}`, `time=${until}`, `time=${until}`, '&', '&', '&'],
  ...[
    `time=${from + 7}`,
    `time=17184528`,
    '00',
    '13',
    '42',
    '58',
    '67',
    '71',
    '86',
    '94',
    `query=up&time=${from}`,
    `time=${until}&query=up`,
  ],
  ...[
    `start=${from}`,
    `end=${until}`,
    'step=14',
    `query=up&start=${from}&end=${until}&step=14`,
    'start=17184528',
  ],
  ...[
    '+%2B+1',
    '%20%2b%201',
    '+ 1',
    '%20or%20vector(1)',
    '+or+vector(1)',
    'query=vector(1)',
    'q',
    '=',
    ';',
    '%',
  ],
  ...[
    'query=up%00',
    '%75',
    '%3D',
    '%26',
    '&query=vector(1)',
    ';query=vector(1)',
    'timeout=1',
    '#',
    '?',
    '%0A',
  ],
  ...['step=1', 'step=014', 'step=14s', 'time=1e9', 'time=', '\ufeff', '[]=', 'Query=up', '_method=GET'],
];
const beginnings = [
  ...['', '', `time=${from + 1}&query=up`, 'query=up&time=17184528', `query=up+%2B+1&time=${from + 2}`],
  ...[`query=up&end=${until}&step=14&start=17184528`, `time=${from + 3}&query=up`, 'time=17184528'],
];
const paths = ['/api/v1/query', '/api/v1/query', '/api/v1/query_range', '/api/v1//query', '/api/v1/query/'];

function noise(
  below: (limit: number) => number,
  some: (pieces: readonly string[], most: number) => string,
): RawRequest {
  const path = paths[below(paths.length)] ?? '';
  const text = (beginnings[below(beginnings.length)] ?? '') + some(parameterPieces, 4);
  if (below(3) > 0) return { method: 'GET', target: `${path}?${text}` };
  const besides = below(4) === 0 ? `?${some(parameterPieces, 2)}` : '';
  return {
    method: 'POST',
    target: path + besides,
    contentType: 'application/x-www-form-urlencoded',
    body: Buffer.from(text),
  };
}

/** What the rules mean, said of what was executed. */
function isNamed({ params, httpRequest }: LoggedQuery): boolean {
  const [start, end] = [Date.parse(params.start) / 1000, Date.parse(params.end) / 1000];
  if (params.query === 'up' && httpRequest?.path === '/api/v1/query_range') {
    return httpRequest.method === 'GET' && params.step === 14 && start >= from && end === until;
  }
  // The one that waited for the start asks without a time.
  const instant = start === end && ((start >= from && end <= until) || params.query === 'up');
  return httpRequest?.path === '/api/v1/query' && ['up', query].includes(params.query) && instant;
}
