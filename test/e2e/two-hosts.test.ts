import { get, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectGateway, Gateway } from '../../local/rehearsal/gateway-program.ts';
import { Person } from '../../local/rehearsal/person.ts';
import { Runtime } from '../../local/rehearsal/runtime.ts';
import { northCalls, startOnPremApplication } from '../support/on-prem-application.ts';

/** Azure runs as many hosts as it likes; what one of them takes away, none of them gives any more. */
describe('two hosts of the service, with one store', () => {
  let first: Runtime;
  let second: Runtime;
  let application: Awaited<ReturnType<typeof startOnPremApplication>>;
  let gateway: Gateway;
  let ann: Person;

  const api = async (method: string, path: string, body?: object) => {
    const { accessToken } = await gateway.credentials();
    const response = await fetch(`http://127.0.0.1:${second.port}${path}`, {
      method,
      headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    await response.arrayBuffer();
    return response.status;
  };

  async function watching(): Promise<{ id: string; stream: IncomingMessage; ask: () => Promise<number> }> {
    const calls = join(first.dataDir, 'calls.json');
    await writeFile(calls, JSON.stringify(northCalls));
    const made = await gateway.cli(
      ...['share', '--dashboard', 'north', '--title', 'North', '--path', '/dashboards/north'],
      ...['--to', ann.email, '--calls', calls, '--yes', '--json'],
    );
    expect(made.code).toBe(0);
    const share = JSON.parse(made.stdout) as { id: string; url: string };
    const page = await ann.open(`/invitations/${share.id}`);
    if (page.text.includes('name="email"')) await ann.finishSignIn(page);
    const { port, host } = new URL(share.url);
    const cookie = `__Host-drawbridge-share=${ann.cookies(host).get('__Host-drawbridge-share') ?? ''}`;
    const request = get({ host: '127.0.0.1', port, path: '/api/events', headers: { host, cookie } });
    request.on('error', () => {});
    const [stream] = (await once(request, 'response')) as [IncomingMessage];
    expect(stream.statusCode).toBe(200);
    stream.on('error', () => {});
    await once(stream, 'data');
    const ask = async () => (await ann.send(new URL('/dashboards/north', share.url).href)).status;
    expect(await ask()).toBe(200);
    return { id: share.id, stream, ask };
  }

  beforeAll(async () => {
    first = await Runtime.start();
    second = await Runtime.startBeside(first);
    application = await startOnPremApplication();
    gateway = await Gateway.at(first, application.origin);
    ann = new Person(first, 'ann@guest.example');
    await connectGateway(first, gateway, new Person(first, 'olga@plant.example'), {
      organizationName: 'Plant Ltd',
      organizationSlug: 'plant',
      systemName: 'North',
      systemSlug: 'north',
    });
    await gateway.run();
  });

  afterAll(async () => {
    await gateway?.stop();
    await application?.close();
    await second?.stop();
    await first?.stop();
  });

  it.each<[string, number, (id: string) => Promise<unknown>]>([
    ['a share deleted', 403, (id) => api('DELETE', `/api/shares/${id}`)],
    ['a share paused', 403, (id) => api('PATCH', `/api/shares/${id}`, { status: 'paused' })],
    [
      'a share that expires',
      403,
      (id) => api('PATCH', `/api/shares/${id}`, { expiresAt: new Date(Date.now() + 1000).toISOString() }),
    ],
    [
      'a recipient removed',
      403,
      (id) => api('PATCH', `/api/shares/${id}`, { recipients: ['ben@other.example'] }),
    ],
    [
      "an account's other sessions ended",
      401,
      async () => {
        const elsewhere = new Person(second, ann.email);
        await elsewhere.signIn();
        await elsewhere.submit(await elsewhere.open('/account'), '/account/sessions/end-others', {});
      },
    ],
    ['a system disconnected', 403, () => api('DELETE', '/api/system')],
  ])('%s on one host ends stream and page on the other', async (_, status, revoke) => {
    const { id, stream, ask } = await watching();
    const closed = new Promise((resolve) => stream.once('close', resolve));
    await revoke(id);
    await closed;
    expect(await ask()).toBe(status);
    // What the application said after that went nowhere.
    expect(stream.complete).toBe(false);
  });
});
