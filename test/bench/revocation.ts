import { get, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { connectGateway } from '../../local/rehearsal/gateway-program.ts';
import { Person, type Answer } from '../../local/rehearsal/person.ts';
import { Runtime } from '../../local/rehearsal/runtime.ts';
import { figure, percentile, type BenchResult } from './result.ts';
import { shareUpstream, type SharedUpstream } from './shared-upstream.ts';

/** Each with a page that asks all the time, an event stream and a download open at once: p99 needs many. */
const rounds = 20;
/** Sign-ins are counted, and each of these rounds needs two. */
const fewerRounds = 4;
/** Milliseconds after the reply at which nothing may flow any more, and how long is looked whether it does. */
const bound = 1000;
const watched = 1500;
/** The service's recipients other than the guest. */
const somebodyElse = 'other@partner.example';

interface Traffic {
  /** When the last byte came: milliseconds of `performance.now()`. */
  readonly last: () => number;
  readonly bytesSince: (moment: number) => number;
  readonly stop: () => void;
}

interface Viewer {
  readonly port: string;
  readonly headers: Record<string, string>;
}

function meter() {
  const seen: { at: number; bytes: number }[] = [];
  return {
    note: (bytes: number) => void seen.push({ at: performance.now(), bytes }),
    last: () => seen.at(-1)?.at ?? 0,
    bytesSince: (moment: number) => seen.reduce((sum, { at, bytes }) => (at > moment ? sum + bytes : sum), 0),
  };
}

/** One answer that does not end by itself. */
async function open({ port, headers }: Viewer, path: string): Promise<Traffic> {
  const { note, last, bytesSince } = meter();
  const request = get({ host: '127.0.0.1', port, path, headers });
  request.on('error', () => {});
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  if (response.statusCode !== 200) throw new Error(`${path}: ${response.statusCode}`);
  response.on('error', () => {});
  response.on('data', (chunk: Buffer) => note(chunk.length));
  await once(response, 'data');
  return { last, bytesSince, stop: () => request.destroy() };
}

/** A page that asks again as soon as it was answered; what is refused holds nothing of the dashboard. */
function poll({ port, headers }: Viewer): Traffic {
  const { note, last, bytesSince } = meter();
  const state = { stopped: false };
  const ask = () => {
    if (state.stopped) return;
    get({ host: '127.0.0.1', port, path: '/kilobyte', headers }, (response) => {
      response.on('data', (chunk: Buffer) => response.statusCode === 200 && note(chunk.length));
      response.once('close', () => setTimeout(ask, 20));
    }).on('error', () => setTimeout(ask, 20));
  };
  ask();
  return { last, bytesSince, stop: () => (state.stopped = true) };
}

/** @returns when access was taken: the reply, or the moment that was named */
type Revocation = (share: { id: string }) => Promise<number>;

/**
 * From the reply to each way of revoking, on one host of the service, to the last byte of what a viewer has open
 * through another host. Both share one store.
 */
export async function benchRevocation(): Promise<BenchResult[]> {
  const shared = await shareUpstream();
  const beside = await Runtime.startBeside(shared.runtime);
  try {
    const api = async (method: string, path: string, body?: object): Promise<number> => {
      const { accessToken } = await shared.gateway.credentials();
      const response = await fetch(`http://127.0.0.1:${beside.port}${path}`, {
        method,
        headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      });
      await response.arrayBuffer();
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`);
      return performance.now();
    };
    const change =
      (what: object): Revocation =>
      (share) =>
        api('PATCH', `/api/shares/${share.id}`, what);
    const revocations: Record<string, Revocation> = {
      deleted: ({ id }) => api('DELETE', `/api/shares/${id}`),
      paused: change({ status: 'paused' }),
      expired: async (share) => {
        const moment = Date.now() + 700;
        const replied = await change({ expiresAt: new Date(moment).toISOString() })(share);
        return replied + moment - Date.now();
      },
      'recipient removed': change({ recipients: [somebodyElse] }),
      'sessions revoked': () => endSessions(shared.guest.email, beside),
      'system disconnected': () => api('DELETE', '/api/system'),
    };

    const figures: BenchResult[] = [];
    const all: number[] = [];
    let late = 0;
    for (const [name, revoke] of Object.entries(revocations)) {
      const times: Record<string, number[]> = {};
      for (let round = 0; round < (name === 'sessions revoked' ? fewerRounds : rounds); round++) {
        const results = await measure(shared, revoke);
        for (const [traffic, result] of Object.entries(results)) {
          (times[traffic] ??= []).push(result.lasted);
          late += result.late;
        }
        if (name === 'system disconnected') await connectAgain(shared);
      }
      for (const [traffic, lasted] of Object.entries(times)) {
        all.push(...lasted);
        figures.push(figure(`revocation, ${name}: ${traffic}, p50`, 'ms', percentile(lasted, 0.5)));
        const worst = Math.max(...lasted);
        figures.push(
          figure(`revocation, ${name}: ${traffic}, worst of ${lasted.length}`, 'ms', worst, undefined, {
            bound: 'at most',
            value: bound,
          }),
        );
      }
    }
    return [
      ...figures,
      figure(`revocation to last byte, p99 of ${all.length}`, 'ms', percentile(all, 0.99), undefined, {
        bound: 'at most',
        value: bound,
      }),
      figure('revocation: bytes after a second', 'bytes', late, undefined, { bound: 'at most', value: 0 }),
    ];
  } finally {
    await beside.stop();
    await shared.close();
  }
}

async function measure(shared: SharedUpstream, revoke: Revocation) {
  const share = await shared.share();
  const page = await shared.guest.open(`/invitations/${share.id}`);
  if (page.text.includes('name="email"')) await shared.guest.finishSignIn(page);
  const { host, port } = new URL(share.url);
  const cookie = [...shared.guest.cookies(host)].map(([name, value]) => `${name}=${value}`).join('; ');
  const viewer = { port, headers: { host, cookie } };
  const traffic = {
    page: poll(viewer),
    'event stream': await open(viewer, '/stream'),
    'download of 1 GB': await open(viewer, '/gigabyte'),
  };
  const revoked = await revoke(share);
  await delay(Math.max(0, revoked - performance.now()) + watched);
  const results: Record<string, { lasted: number; late: number }> = {};
  for (const [name, { last, bytesSince, stop }] of Object.entries(traffic)) {
    stop();
    results[name] = { lasted: Math.max(0, last() - revoked), late: bytesSince(revoked + bound) };
  }
  return results;
}

/** The same account, signed in at the other host, ends its other sessions. */
async function endSessions(email: string, beside: Runtime): Promise<number> {
  const elsewhere = new Person(beside, email);
  await elsewhere.signIn();
  const account: Answer = await elsewhere.open('/account');
  const done = await elsewhere.submit(account, '/account/sessions/end-others', {});
  if (done.status !== 200) throw new Error(`ending sessions: ${done.status}`);
  return performance.now();
}

async function connectAgain({ runtime, gateway, owner }: SharedUpstream): Promise<void> {
  await gateway.stop();
  const parted = await gateway.cli('disconnect', '--yes');
  if (parted.code !== 0) throw new Error(parted.stderr + parted.stdout);
  const slug = `bench-${Date.now()}`;
  await connectGateway(runtime, gateway, owner, {
    organizationName: 'Plant Ltd',
    organizationSlug: slug,
    systemName: 'Bench',
    systemSlug: 'bench',
  });
  await gateway.run();
}
