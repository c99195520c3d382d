import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectGateway, Gateway } from '../../local/rehearsal/gateway-program.ts';
import { Person } from '../../local/rehearsal/person.ts';
import { eventually, Runtime } from '../../local/rehearsal/runtime.ts';
import { metricNames } from '../../shared/telemetry/telemetry.ts';
import { startLoopbackCollector } from '../support/loopback-collector.ts';
import { northCalls, startOnPremApplication } from '../support/on-prem-application.ts';

const people = { owner: 'olga.owner@plant.example', guest: 'ann.guest@partner.example' };
const message = 'As we discussed on the telephone.';

/** A whole life of a share with telemetry on: what it tells, and that it tells nothing that it must not (ASVS 7.1.1). */
describe('telemetry', () => {
  let collector: Awaited<ReturnType<typeof startLoopbackCollector>>;
  let runtime: Runtime;
  let application: Awaited<ReturnType<typeof startOnPremApplication>>;
  let gateway: Gateway;
  /** Everything that must be in no trace, no metric and no log. */
  const secrets = new Map<string, string>();

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
    expect(page.status).toBe(200);
    const origin = new URL(share.url).origin;
    const headers = { 'content-type': 'application/json', origin };
    const send = (elementId: number) =>
      guest.send(new URL('/api/value', share.url).href, {
        method: 'POST',
        headers,
        body: JSON.stringify({ elementId }),
      });
    expect((await send(101)).status).toBe(200);
    expect((await send(102)).status).toBe(403);

    const { accessToken, refreshToken } = await gateway.credentials();
    secrets.set('access token', accessToken).set('refresh key', refreshToken).set('message', message);
    for (const [who, address] of Object.entries(people)) secrets.set(`address of the ${who}`, address);
    for (const [who, person] of Object.entries({ owner, guest })) {
      for (const host of [new URL(runtime.origin).host, new URL(share.url).host])
        for (const [name, value] of person.cookies(new URL(`http://${host}`).hostname))
          secrets.set(`cookie ${name} of the ${who} at ${host}`, value);
    }
    for (const { text, id } of await runtime.mails())
      for (const [code] of text.matchAll(/\b\d{6}\b/g)) secrets.set(`code in mail ${id}`, code);
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

  it('has one trace for a viewer’s request, from the function through store and relay to the application', async () => {
    const trace = application.traces.at(-1)?.split('-')[1] ?? '';
    expect(trace).toMatch(/^[0-9a-f]{32}$/);
    const names = await eventually(async () => {
      const found = collector.spans.filter(({ traceId }) => traceId === trace).map(({ name }) => name);
      return found.includes('function tunnel') && found;
    });
    expect(names).toEqual(expect.arrayContaining(['function tunnel', 'relay.send', 'store.read']));
  });

  it('tells of every kind of call that it makes, and counts each', () => {
    const kinds = new Set(collector.spans.map(({ name }) => name.split(/[ .]/)[0]));
    expect([...kinds].sort()).toEqual(
      expect.arrayContaining(['email', 'function', 'relay', 'secrets', 'store']),
    );
    const unused = metricNames.filter((name) => !collector.metricNames.has(name));
    // Backups have their own hours.
    expect(unused.filter((name) => name !== 'drawbridge.backup.calls')).toEqual([]);
  });

  it('holds no secret, no address and no message, nor do the logs of service and gateway', () => {
    const told = { telemetry: collector.everything(), service: runtime.output, gateway: gateway.output };
    expect(told.telemetry.length).toBeGreaterThan(10_000);
    expect(secrets.size).toBeGreaterThan(10);
    const found = Object.entries(told).flatMap(([where, text]) =>
      [...secrets].flatMap(([what, value]) => (text.includes(value) ? [`${what} in ${where}`] : [])),
    );
    expect(found).toEqual([]);
  });
});
