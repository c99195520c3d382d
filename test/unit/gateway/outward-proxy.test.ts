import { once } from 'node:events';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { createHttpClient } from '../../../gateway/http-client.ts';
import { outwardAgents } from '../../../gateway/outward-agents.ts';
import { proxyRules } from '../../../gateway/proxy-rules.ts';
import { systemRandom } from '../../../shared/system-clock.ts';
import { openSocket } from '../../../shared/tunnel/hybrid-connection-handshake.ts';
import { type DifficultProxy, type ProxyManner, startDifficultProxy } from '../../support/difficult-proxy.ts';
import { createAuthority } from '../../support/certificate-authority.ts';
import { until } from './gateway-process.ts';

const authority = createAuthority();
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A service at `bridge.test:443` that only the proxy knows how to find; it speaks HTTPS and WSS. */
async function service() {
  const server = createHttpsServer(authority.issue({ names: ['bridge.test'] }), (request, response) =>
    response.end(`${request.method} ${request.url}`),
  );
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => socket.on('message', (data: Buffer) => socket.send(data.toString())));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    for (const socket of sockets.clients) socket.terminate();
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function proxyTo(port: number, credentials?: string): Promise<DifficultProxy> {
  const proxy = await startDifficultProxy({ 'bridge.test:443': port }, credentials);
  closers.push(() => proxy.close());
  return proxy;
}

const settings = (url: string) => ({
  ca: authority.certificate,
  proxy: proxyRules({ HTTPS_PROXY: url }),
});

function get(proxy: string, timeout = 5000) {
  const client = createHttpClient(settings(proxy));
  closers.push(() => client.close());
  return client.send({ method: 'GET', url: new URL('https://bridge.test/a?b'), timeout });
}

async function greet(proxy: string, within = 5000): Promise<string> {
  const agents = outwardAgents(settings(proxy));
  closers.push(() => agents.https.destroy());
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = await openSocket({
    address: 'wss://bridge.test/$hc/x',
    random: systemRandom,
    within,
    agent: agents.https,
    handlers: { text: resolve, closed: () => {} },
  });
  socket.sendText('hello');
  const answer = await promise;
  socket.close(1000);
  return answer;
}

describe('through a proxy', () => {
  it('goes HTTPS, by CONNECT to the name that the proxy looks up', async () => {
    const proxy = await proxyTo(await service());
    expect((await get(proxy.url)).text).toBe('GET /a?b');
    expect(proxy.asked).toEqual(['bridge.test:443']);
  });

  it('goes WSS', async () => {
    const proxy = await proxyTo(await service());
    expect(await greet(proxy.url)).toBe('hello');
    expect(proxy.asked).toEqual(['bridge.test:443']);
  });

  it('goes either with the user and password of its address, escapes undone (RFC 7617)', async () => {
    const proxy = await proxyTo(await service(), 'gate@north:p:ss%');
    const url = proxy.url.replace('//', '//gate%40north:p%3Ass%25@');
    expect((await get(url)).status).toBe(200);
    expect(await greet(url)).toBe('hello');
  });

  it('the certificate is still that of the service, and no proxy can stand in for it', async () => {
    const impostor = createHttpsServer(createAuthority('Another').issue({ names: ['bridge.test'] })).listen(
      0,
      '127.0.0.1',
    );
    await once(impostor, 'listening');
    closers.push(() => impostor.close());
    const proxy = await proxyTo((impostor.address() as AddressInfo).port);
    await expect(get(proxy.url)).rejects.toMatchObject({
      message: expect.stringContaining('unknown authority') as string,
    });
    await expect(greet(proxy.url)).rejects.toThrow();
  });
});

describe('a proxy that gives no connection is named, with what to do', () => {
  it.each<[ProxyManner, RegExp]>([
    ['asks for credentials', /asks for a user and password \(407\); write them into its address/],
    ['refuses', /does not let us through to bridge\.test:443 \(403\); its operator must allow CONNECT/],
    ['fails', /does not reach bridge\.test:443 \(503\)/],
    ['cuts', /the proxy 127\.0\.0\.1:\d+ (cut the connection|cannot be used: )/],
  ])('one that %s', async (manner, words) => {
    const proxy = await proxyTo(1);
    proxy.manner = manner;
    await expect(get(proxy.url)).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(words) as string,
    });
    await expect(greet(proxy.url)).rejects.toThrow(words);
    await until(() => proxy.sockets() === 0);
  });

  it('one that refuses the password, which is not repeated', async () => {
    const proxy = await proxyTo(1, 'gate:right');
    const sent = get(proxy.url.replace('//', '//gate:wrong-secret@'));
    await expect(sent).rejects.toMatchObject({
      message: expect.stringMatching(/refuses this user and password \(407\); correct them/) as string,
    });
    await expect(sent).rejects.not.toMatchObject({
      message: expect.stringContaining('wrong-secret') as string,
    });
  });

  it('one at whose address nothing listens', async () => {
    await expect(get('http://127.0.0.1:1')).rejects.toMatchObject({
      message: expect.stringContaining(
        'the proxy 127.0.0.1:1 cannot be used: nothing listens there',
      ) as string,
    });
  });
});

it('a proxy that hangs keeps no socket for longer than it is waited for, and none at all after the end', async () => {
  const proxy = await proxyTo(1);
  proxy.manner = 'hangs';
  const agents = outwardAgents(settings(proxy.url));
  const attempt = () =>
    openSocket({
      address: 'wss://bridge.test/',
      random: systemRandom,
      within: 20,
      agent: agents.https,
      handlers: { text: () => {}, closed: () => {} },
    });
  for (let i = 0; i < 5; i++) await expect(attempt()).rejects.toThrow('no answer to the handshake');
  expect(proxy.sockets()).toBeGreaterThan(0);
  agents.https.destroy();
  await until(() => proxy.sockets() === 0);
});

it('a proxy that connects us to somebody who says nothing is given up in time', async () => {
  const silent = await proxyTo(1);
  const port = Number(new URL(silent.url).port);
  const proxy = await proxyTo(port);
  await expect(get(proxy.url, 100)).rejects.toMatchObject({
    message: expect.stringContaining('no answer within') as string,
  });
});
