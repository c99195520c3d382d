import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { connectGateway, Gateway } from '../../local/rehearsal/gateway-program.ts';
import { Person, type Answer } from '../../local/rehearsal/person.ts';
import { eventually, programEnvironment, Runtime } from '../../local/rehearsal/runtime.ts';
import { packageRoot } from '../../shared/package-root.ts';
import { measureNames, metricNames } from '../../shared/telemetry/telemetry.ts';
import { startLoopbackCollector } from '../support/loopback-collector.ts';
import { northCalls, startOnPremApplication } from '../support/on-prem-application.ts';
import { totpAt } from '../support/totp.ts';

const people = { owner: 'olga.owner@plant.example', guest: 'ann.guest@partner.example' };
const message = 'As we discussed on the telephone.';
const passwords = { right: 'four crows over the weir', wrong: 'five herons at the lock' };
/** What the on-prem application shows. */
const shown = 'Transmitter site North';

/** A whole life of a share with telemetry on: what it tells, and that it tells nothing that it must not (ASVS 7.1.1). */
describe('telemetry', () => {
  let collector: Awaited<ReturnType<typeof startLoopbackCollector>>;
  let runtime: Runtime;
  let application: Awaited<ReturnType<typeof startOnPremApplication>>;
  let gateway: Gateway;
  let backupRan = '';
  /** Of the request whose answer stayed open. */
  let streamTrace = '';
  /** What a viewer was told while the application was down. */
  let unreached: Answer | undefined;
  /** Everything that must be in no trace, no metric and no log. */
  const secrets = new Map<string, string>([
    ['message', message],
    ['password', passwords.right],
    ['wrong password', passwords.wrong],
    ['what the dashboard shows', shown],
    ...Object.entries(people).map(([who, address]) => [`address of the ${who}`, address] as const),
  ]);

  const keepCookies = (who: string, person: Person, hosts: readonly string[]) => {
    for (const host of hosts)
      for (const [name, value] of person.cookies(host))
        secrets.set(`cookie ${name} of the ${who} at ${host}`, value);
  };

  /** A password, a wrong one, a lost one, and a second factor. */
  async function liveWithPassword(person: Person): Promise<void> {
    const byPassword = async (password: string) =>
      person.submit(await person.open('/sign-in/password'), '/sign-in/password', {
        email: person.email,
        password,
      });
    await person.submit(await person.open('/account/password'), '/account/password', {
      password: passwords.right,
    });
    await person.submit(await person.open('/password'), '/password', { email: person.email });
    const enrol = await person.submit(
      await person.open('/account/second-factor'),
      '/account/second-factor/enrol',
      {},
    );
    const secret = /secret=([A-Z2-7]+)/.exec(enrol.text)?.[1] ?? '';
    secrets.set('secret of the authenticator app', secret);
    const code = totpAt(secret, Date.now());
    secrets.set('code of the authenticator app', code);
    const done = await person.submit(enrol, '/account/second-factor/confirm', { code });
    for (const [, recovery = ''] of done.text.matchAll(/<code>([2-9a-z-]{14})<\/code>/g))
      secrets.set(`recovery code ${recovery.slice(0, 2)}`, recovery);
    keepCookies('owner, before', person, [new URL(runtime.origin).host]);
    await person.submit(await person.open('/account'), '/sign-out', {});
    expect((await byPassword(passwords.wrong)).status).toBe(400);
    expect((await byPassword(passwords.right)).text).toContain('Second step');
  }

  async function whileApplicationIsDown<T>(act: () => Promise<T>): Promise<T> {
    const port = Number(new URL(application.origin).port);
    await application.close();
    const result = await act();
    const { traces } = application;
    application = await startOnPremApplication(0, { port });
    application.traces.push(...traces);
    return result;
  }

  async function watchStream(guest: Person, url: string): Promise<void> {
    const { host, port } = new URL(url);
    const cookie = [...guest.cookies(host)].map(([name, value]) => `${name}=${value}`).join('; ');
    const before = application.traces.length;
    await new Promise<void>((ended, reject) => {
      const request = get(
        { host: '127.0.0.1', port, path: '/api/events', headers: { host, cookie } },
        (response) => {
          response.resume();
          // Five looks at whether she still may, at the least.
          setTimeout(() => {
            request.destroy();
            ended();
          }, 2500);
        },
      );
      request.on('error', reject);
    }).catch(() => {});
    streamTrace = application.traces[before]?.split('-')[1] ?? '';
  }

  beforeAll(async () => {
    collector = await startLoopbackCollector();
    application = await startOnPremApplication();
    runtime = await Runtime.start({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint });
    gateway = await Gateway.at(runtime, application.origin);
    const owner = new Person(runtime, people.owner);
    const guest = new Person(runtime, people.guest);
    await connectGateway(runtime, gateway, owner, {
      organizationName: 'Plant Ltd',
      organizationSlug: 'plant',
      systemName: 'Monitoring North',
      systemSlug: 'monitoring-north',
    });
    await gateway.run();
    const calls = join(runtime.dataDir, 'calls.json');
    await writeFile(calls, JSON.stringify(northCalls));
    const made = await gateway.cli(
      ...['share', '--dashboard', 'north', '--title', 'North', '--path', '/dashboards/north'],
      ...['--to', people.guest, '--message', message, '--calls', calls, '--yes', '--json'],
    );
    const share = JSON.parse(made.stdout) as { id: string; url: string };
    const page = await guest.finishSignIn(await guest.open(`/invitations/${share.id}`));
    expect(page.text).toContain(shown);
    const headers = { 'content-type': 'application/json', origin: new URL(share.url).origin };
    const send = (elementId: number) =>
      guest.send(new URL('/api/value', share.url).href, {
        method: 'POST',
        headers,
        body: JSON.stringify({ elementId }),
      });
    await watchStream(guest, share.url);
    expect((await send(102)).status).toBe(403);
    expect((await send(101)).status).toBe(200);
    unreached = await whileApplicationIsDown(() => send(101));
    await liveWithPassword(owner);

    await promisify(execFile)(process.execPath, ['dist/local/backup.js'], {
      cwd: packageRoot,
      env: programEnvironment({ ...runtime.settings, DATA_DIR: runtime.dataDir }),
    }).then(({ stdout }) => (backupRan = stdout));
    await fetch(`http://127.0.0.1:${runtime.port}/api/health`);

    const { accessToken, refreshToken } = await gateway.credentials();
    secrets.set('access token', accessToken).set('refresh key', refreshToken);
    const hosts = [new URL(runtime.origin).host, new URL(share.url).host];
    for (const [who, person] of Object.entries({ owner, guest })) keepCookies(who, person, hosts);
    for (const { text, id } of await runtime.mails()) {
      for (const [code] of text.matchAll(/\b\d{3} ?\d{3}\b/g)) {
        secrets.set(`code in mail ${id}`, code);
        secrets.set(`code in mail ${id}, as typed`, code.replace(' ', ''));
      }
      for (const [, token = ''] of text.matchAll(/token=([\w-]+)/g)) secrets.set(`link in mail ${id}`, token);
    }
    const stored = JSON.parse(await readFile(join(runtime.dataDir, 'secrets.json'), 'utf8')) as unknown;
    for (const value of JSON.stringify(stored).match(/[A-Za-z0-9+/_-]{40,}={0,2}/g) ?? [])
      secrets.set(`secret ${value.slice(0, 4)}`, value);
    await gateway.cli('unshare', share.id);
    await gateway.stop();
    // Metrics go out every ten seconds, and with the end.
    await runtime.stop();
  });
  afterAll(async () => {
    await application.close();
    await collector.close();
  });

  const spansOf = (trace: string) =>
    collector.spans.filter(({ traceId }) => traceId === trace).map(({ name }) => name);

  it('has one trace for a viewer’s request, from the function through store and relay to the application', async () => {
    const trace = application.traces.at(-1)?.split('-')[1] ?? '';
    expect(trace).toMatch(/^[0-9a-f]{32}$/);
    const names = await eventually(async () => {
      const found = spansOf(trace);
      return found.includes('function tunnel') && found;
    });
    expect(names).toEqual(expect.arrayContaining(['function tunnel', 'relay.send', 'store.read']));
  });

  it('has one id for what failed: in the answer, the traces, and the logs of service and gateway', () => {
    expect(unreached?.status).toBe(503);
    const { correlationId = '' } = JSON.parse(unreached?.text ?? '{}') as { correlationId?: string };
    expect(correlationId).toMatch(/^[0-9a-f]{32}$/);
    expect(spansOf(correlationId)).toContain('function tunnel');
    const linesOf = (output: string) =>
      output
        .split('\n')
        .filter((line) => line.includes(`"traceId":"${correlationId}"`))
        .map((line) => (JSON.parse(line) as { event: string }).event);
    expect(linesOf(runtime.output)).toContain('not served');
    expect(linesOf(gateway.output)).toEqual(['application.failed']);
  });

  it('makes no spans of what is asked again and again while an answer is open', () => {
    expect(streamTrace).toMatch(/^[0-9a-f]{32}$/);
    const reads = spansOf(streamTrace).filter((name) => name === 'store.read').length;
    expect(reads).toBeGreaterThan(0);
    // One look at session, portal session, share and system; the allowlist; that she opened it.
    expect(reads).toBeLessThan(10);
  });

  it('tells of every kind of call that it makes, and counts and measures each', () => {
    const kinds = new Set(collector.spans.map(({ name }) => name.split(/[ .]/)[0]));
    expect([...kinds].sort()).toEqual(
      expect.arrayContaining(['audit', 'email', 'function', 'relay', 'secrets', 'store']),
    );
    expect(backupRan).toContain('documents');
    const unused = [...metricNames, ...measureNames].filter((name) => !collector.metricNames.has(name));
    // Backups have their own hours, and nothing was tried again.
    expect(unused).toEqual(
      unused.filter((name) => ['drawbridge.backup.calls', 'drawbridge.store.retries'].includes(name)),
    );
    const all = collector.everything();
    for (const told of ['request.refused', 'share.created', 'invitation', 'tunnel-listener'])
      expect(all).toContain(`"${told}"`);
  });

  it('holds no secret, no address and no message, nor do the logs of service and gateway', () => {
    const told = { telemetry: collector.everything(), service: runtime.output, gateway: gateway.output };
    expect(told.telemetry.length).toBeGreaterThan(10_000);
    for (const kind of ['cookie __Host-', 'code in mail', 'link in mail', 'recovery code', 'secret '])
      expect([...secrets.keys()].some((what) => what.startsWith(kind))).toBe(true);
    for (const [what, value] of secrets)
      expect({ what, long: value.length > 5 }).toEqual({ what, long: true });
    const found = Object.entries(told).flatMap(([where, text]) =>
      [...secrets].flatMap(([what, value]) => (text.includes(value) ? [`${what} in ${where}`] : [])),
    );
    expect(found).toEqual([]);
  });
});
