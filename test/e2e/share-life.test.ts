import { execFile } from 'node:child_process';
import { get } from 'node:http';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { connectGateway, Gateway } from '../../local/rehearsal/gateway-program.ts';
import { Person } from '../../local/rehearsal/person.ts';
import { eventually, Runtime } from '../../local/rehearsal/runtime.ts';
import { packageRoot } from '../../shared/package-root.ts';
import { northCalls, startOnPremApplication } from '../support/on-prem-application.ts';

/** What `npm run package` makes, and what is run here without it. */
const programs = [
  { what: 'compiled', service: undefined, gateway: undefined },
  {
    what: 'packaged',
    service: join(packageRoot, 'dist/package'),
    gateway: join(packageRoot, 'dist/gateway-package/drawbridge-gateway.js'),
  },
];

/** The life of a share, each step as a person and the command line would do it. The steps build on each other. */
describe.each(programs)('the life of a share, $what', (program) => {
  let runtime: Runtime;
  let application: Awaited<ReturnType<typeof startOnPremApplication>>;
  let gateway: Gateway;
  let owner: Person;
  let ann: Person;
  let ben: Person;
  let share: { id: string; url: string };

  const value = (person: Person, body: unknown, sending: { path?: string; method?: string } = {}) =>
    person.send(new URL(sending.path ?? '/api/value', share.url).href, {
      method: sending.method ?? 'POST',
      headers: { 'content-type': 'application/json', origin: new URL(share.url).origin },
      body: JSON.stringify(body),
    });

  async function callsFile(): Promise<string> {
    const file = join(runtime.dataDir, 'calls.json');
    await writeFile(file, JSON.stringify(northCalls));
    return file;
  }

  async function makeShare(...recipients: string[]): Promise<{ id: string; url: string }> {
    const result = await gateway.cli(
      'share',
      '--dashboard',
      'north',
      '--title',
      'Transmitter site North',
      '--path',
      '/dashboards/north',
      ...recipients.flatMap((to) => ['--to', to]),
      '--message',
      'As we discussed.',
      '--calls',
      await callsFile(),
      '--yes',
      '--json',
    );
    if (result.code !== 0) throw new Error(`share: ${result.code}\n${result.stdout}\n${result.stderr}`);
    return JSON.parse(result.stdout) as { id: string; url: string };
  }

  beforeAll(async () => {
    if (program.service !== undefined) {
      await promisify(execFile)(process.execPath, [join(packageRoot, 'dist/local/package/main.js')]);
    }
    runtime = await Runtime.start({}, program.service);
    application = await startOnPremApplication();
    gateway = await Gateway.at(runtime, application.origin);
    gateway.program = program.gateway ?? gateway.program;
    owner = new Person(runtime, 'olga@plant.example');
    ann = new Person(runtime, 'ann@guest.example');
    ben = new Person(runtime, 'ben@other.example');
  });

  afterAll(async () => {
    await gateway.stop();
    await application.close();
    expect(await runtime.stop()).toBe(0);
  });

  it('sends nothing before the admin opts in', async () => {
    const status = await gateway.cli('status', '--json');
    expect(JSON.parse(status.stdout)).toMatchObject({ state: 'not-connected' });
    expect(await runtime.mails()).toEqual([]);
  });

  it('connects: the admin follows the link, signs in, makes an organization, names the system, approves', async () => {
    await connectGateway(runtime, gateway, owner, {
      organizationName: 'Plant Ltd',
      organizationSlug: 'plant',
      systemName: 'Monitoring North',
      systemSlug: 'north',
    });
    await gateway.run();
    const status = await gateway.cli('status', '--json');
    expect(JSON.parse(status.stdout)).toMatchObject({
      state: 'connected',
      system: { name: 'Monitoring North' },
    });
  });

  it('shows the system to its owner and to nobody else', async () => {
    expect((await owner.open('/')).text).toContain('Monitoring North');
    const page = await ben.signIn('/');
    expect(page.status).toBe(200);
    expect(page.text).not.toContain('Monitoring North');
    expect((await ben.open('/organizations/plant')).status).toBe(404);
  });

  it('shares by the command line, and mails an invitation with a link that holds no secret', async () => {
    share = await makeShare('ann@guest.example');
    const [mail] = await runtime.mails('ann@guest.example');
    expect(mail?.subject).toContain('Transmitter site North');
    expect(mail?.text).toContain('As we discussed.');
    expect(mail?.text).toContain(`/invitations/${share.id}`);
    expect(mail?.html).toContain(`/invitations/${share.id}`);
    expect(mail?.text).not.toMatch(/code=|token=|state=/);
  });

  it('asks who opens the link to sign in, and then shows the live dashboard on an origin of its own', async () => {
    const signIn = await ann.open(`/invitations/${share.id}`);
    expect(signIn.text).toContain('name="email"');
    expect(signIn.text).not.toContain('Transmitter');
    const page = await ann.finishSignIn(signIn);
    expect(page.status).toBe(200);
    expect(page.text).toContain('<h1>Transmitter site North</h1>');
    expect(new URL(page.url).origin).toBe(new URL(share.url).origin);
    expect(new URL(page.url).pathname).toBe('/dashboards/north');

    const first = await value(ann, { elementId: 101 });
    const second = await value(ann, { elementId: 101 });
    expect([first.status, second.status]).toEqual([200, 200]);
    const numbers = [first, second].map((each) => (JSON.parse(each.text) as { value: number }).value);
    expect(numbers[1]).toBeGreaterThan(numbers[0] ?? 0);
  });

  it('lets no cookie, server banner or address of the on-prem side out', async () => {
    const { headers } = await value(ann, { elementId: 101 });
    expect(headers['set-cookie']).toBeUndefined();
    expect(headers.server).toBeUndefined();
    expect(JSON.stringify(headers)).not.toContain(application.origin);
  });

  it.each([
    ['another element', { elementId: 102 }, {}],
    ['an extra member', { elementId: 101, limit: 5 }, {}],
    ['another method', { elementId: 101 }, { method: 'PUT' }],
    ['an extra parameter', { elementId: 101 }, { path: '/api/value?all=true' }],
    ['another path', { elementId: 101 }, { path: '/api/users' }],
    ['a path with an empty segment', { elementId: 101 }, { path: '/api//value' }],
    ['a path with an encoded separator', { elementId: 101 }, { path: '/api%2Fvalue' }],
    ['a path parameter', { elementId: 101 }, { path: '/api/value;x=1' }],
  ])(
    'refuses %s with 403, never reaches the application, and says so in the audit',
    async (_, body, sending) => {
      const before = application.seen.length;
      const refused = await value(ann, body, sending);
      expect(refused.status).toBe(403);
      expect(refused.headers['content-type']).toContain('application/problem+json');
      expect(refused.text).not.toMatch(/elementId|expected/);
      expect(application.seen.length).toBe(before);
      const audit = await owner.open('/organizations/plant/audit?action=request.refused');
      expect(audit.text).toContain('ann@guest.example');
      expect((await value(ann, { elementId: 101 })).status).toBe(200);
    },
  );

  it('tells someone signed in with another address so, and shows nothing', async () => {
    const page = await ben.open(`/invitations/${share.id}`);
    expect(page.status).toBe(403);
    expect(page.text).toContain('another address');
    expect(page.text).not.toContain('Transmitter');
    const direct = await ben.open(share.url);
    expect(direct.status).toBe(403);
    expect((await value(ben, { elementId: 101 })).status).toBe(401);
  });

  it('accepts no session of one share, and no session of the portal, on another share', async () => {
    const other = await makeShare('ben@other.example');
    const stolen = ann.cookies(new URL(share.url).host).get('__Host-drawbridge-share') ?? '';
    expect(stolen).not.toBe('');
    for (const cookie of [stolen, ann.cookies(new URL(runtime.origin).host).get('__Host-drawbridge') ?? '']) {
      const answer = await ben.send(new URL('/dashboards/north', other.url).href, {
        headers: { cookie: `__Host-drawbridge-share=${cookie}` },
      });
      expect(answer.status).toBe(401);
    }
    expect((await gateway.cli('unshare', other.id)).code).toBe(0);
  });

  it('keeps everything over a kill -9 of the service in the middle of the life', async () => {
    await runtime.kill();
    await runtime.restart();
    await eventually(async () => (await value(ann, { elementId: 101 })).status === 200, 40);
    expect((await owner.open('/')).text).toContain('Monitoring North');
  });

  it('keeps everything over a kill -9 of the gateway', async () => {
    await gateway.stop('SIGKILL');
    const offline = await ann.open(new URL('/dashboards/north', share.url).href);
    expect(offline.status).toBe(503);
    expect(offline.text).toContain('cannot be reached');
    await gateway.run();
    expect((await value(ann, { elementId: 101 })).status).toBe(200);
  });

  it('ends open streams, sessions and the link when the share is deleted', async () => {
    const { port, host } = new URL(share.url);
    const cookie = `__Host-drawbridge-share=${ann.cookies(host).get('__Host-drawbridge-share') ?? ''}`;
    const stream = get({ host: '127.0.0.1', port, path: '/api/events', headers: { host, cookie } });
    const [response] = (await once(stream, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(200);
    response.on('error', () => {});
    stream.on('error', () => {});
    await once(response, 'data');

    const closed = new Promise((resolve) => response.once('close', resolve));
    expect((await gateway.cli('unshare', share.id)).code).toBe(0);
    await closed;

    expect((await value(ann, { elementId: 101 })).status).toBe(403);
    const page = await ann.open(share.url);
    expect(page.status).toBe(410);
    expect(page.text).toContain('No longer shared');
    const stranger = new Person(runtime, 'stranger@nowhere.example');
    expect((await stranger.open(`/invitations/${share.id}`)).status).toBe(410);
  });

  it('disconnects: tokens and shares of the system die', async () => {
    const last = await makeShare('ann@guest.example');
    expect((await ann.open(last.url)).text).toContain('Transmitter site North');
    expect((await gateway.cli('disconnect', '--yes')).code).toBe(0);
    expect((await ann.open(last.url)).status).toBe(410);
    const status = await gateway.cli('status', '--json');
    expect(JSON.parse(status.stdout)).toMatchObject({ state: 'not-connected' });
    expect((await gateway.cli('shares')).code).toBe(3);
    const audit = await owner.open('/organizations/plant/audit');
    for (const action of [
      'system.connected',
      'share.created',
      'share.opened',
      'share.revoked',
      'system.disconnected',
    ]) {
      expect(audit.text).toContain(action);
    }
  });
});
