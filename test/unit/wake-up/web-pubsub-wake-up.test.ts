import { createServer } from 'node:https';
import type { GatewayId, SystemId } from '../../../shared/identifier.ts';
import { jsonLines } from '../../../shared/log.ts';
import { systemClock } from '../../../shared/system-clock.ts';
import { WakeUpUnavailable } from '../../../shared/wake-up/wake-up.ts';
import { createWebPubSubWakeUp } from '../../../shared/wake-up/web-pubsub-wake-up.ts';
import { startLoopbackIdentity, type LoopbackIdentity } from '../../support/loopback-identity.ts';
import { listenOnLoopback } from '../../support/loopback-listen.ts';
import { loopbackLeaf, trustTestAuthority } from '../../support/test-authority.ts';

const system = 'sys-1' as SystemId;
const gateway = 'gw-1' as GatewayId;
const clientId = '7c9f6b3e-1d2a-4f5b-8c7d-9e0f1a2b3c4d';

/** The real SDK against a server over TLS that answers as Azure Web PubSub's REST API does. */
describe('wake-ups by Azure Web PubSub', () => {
  let identity: LoopbackIdentity;
  let endpoint: string;
  let status: number | undefined;
  let asked: { method: string; path: string; query: URLSearchParams; text: string }[];
  const lines: string[] = [];
  const closing: (() => unknown)[] = [];

  beforeAll(async () => {
    identity = await startLoopbackIdentity();
    const server = createServer(loopbackLeaf, (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const url = new URL(request.url ?? '/', 'https://hub');
        const text = Buffer.concat(chunks).toString();
        asked.push({ method: request.method ?? '', path: url.pathname, query: url.searchParams, text });
        const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
        const may = identity.state.tokens.get(token)?.resource === 'https://webpubsub.azure.com';
        if (status === 0) return void request.socket.destroy();
        if (!may || status !== undefined) return void response.writeHead(status ?? 401).end();
        if (url.pathname.endsWith('/:generateToken'))
          return void response.writeHead(200, { 'content-type': 'application/json' }).end('{"token":"t-1"}');
        response.writeHead(202).end();
      });
    });
    const { port, close } = await listenOnLoopback(server);
    endpoint = `https://localhost:${port}`;
    const before = { ...process.env };
    Object.assign(process.env, identity.settings);
    closing.push(
      trustTestAuthority(),
      close,
      () => identity.close(),
      () => void (process.env = before),
    );
  });
  beforeEach(() => {
    status = undefined;
    asked = [];
  });
  afterAll(async () => {
    for (const close of closing) await close();
  });

  const open = () =>
    createWebPubSubWakeUp({
      endpoint,
      clientId,
      clock: systemClock,
      log: jsonLines(
        (line) => lines.push(line),
        () => '',
      ),
    });

  it('gives a gateway an address for its own group, without any right to send', async () => {
    const { url } = await open().connection(system, gateway);
    expect(url).toBe(`${endpoint.replace('https', 'wss')}/client/hubs/gateways?access_token=t-1`);
    const [{ path, query } = { path: '', query: new URLSearchParams() }] = asked;
    expect(path).toBe('/api/hubs/gateways/:generateToken');
    expect([
      query.get('userId'),
      query.getAll('group'),
      query.getAll('role'),
      query.get('minutesToExpire'),
    ]).toEqual([gateway, [system], [], '60']);
    expect(identity.state.asked[0]).toEqual({ resource: 'https://webpubsub.azure.com', clientId });
  });

  it('wakes the gateways of one system', async () => {
    await open().wake(system, 'tunnel');
    expect(asked).toMatchObject([
      { method: 'POST', path: `/api/hubs/gateways/groups/${system}/:send`, text: '{"wake":"tunnel"}' },
    ]);
  });

  it.each([
    ['throttled', 429],
    ['broken', 500],
    ['without the role', 403],
    ['without an answer', 0],
  ])('says so when %s, and whoever wakes goes on', async (_, trouble) => {
    status = trouble;
    await expect(open().connection(system, gateway)).rejects.toThrow(WakeUpUnavailable);
    await open().wake(system, 'look');
    expect(lines.at(-1)).toContain('wake-up not sent');
  });
});
