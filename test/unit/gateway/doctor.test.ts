import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import {
  createServer as createTcpServer,
  type AddressInfo,
  type LookupFunction,
  type Server,
} from 'node:net';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { doctorCommand } from '../../../gateway/commands/doctor.ts';
import { readGatewayConfiguration } from '../../../gateway/configuration.ts';
import { composeGateway } from '../../../gateway/gateway.ts';
import { startRelay } from '../../../local/relay/relay.ts';
import { hour, minute } from '../../../shared/clock.ts';
import { silentLog } from '../../../shared/log.ts';
import { systemClock, systemRandom } from '../../../shared/system-clock.ts';
import { createSasToken } from '../../../shared/tunnel/sas-token.ts';
import { type DifficultProxy, startDifficultProxy } from '../../support/difficult-proxy.ts';
import { createAuthority } from '../../support/certificate-authority.ts';
import { startTlsFront, type TlsFrontOptions } from '../../support/tls-front.ts';
import { credentialsOf, writeCredentials } from './gateway-process.ts';
import { metadataOf, ok, startServicePeer } from './service-peer.ts';
import { removeFolders, temporaryFolder } from './temporary-folder.ts';

jest.setTimeout(60_000);

const authority = createAuthority();
const stranger = createAuthority('Stranger');
const key = Buffer.from('for tests only').toString('base64');
const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  await removeFolders();
});

const closing = <T extends { close(): unknown }>(it: T): T => {
  closers.push(() => it.close());
  return it;
};

/** What a variant changes in a world that is well. */
interface Variant {
  readonly front?: Partial<TlsFrontOptions>;
  readonly relayFront?: Partial<TlsFrontOptions>;
  readonly relayAddress?: (port: number) => string;
  readonly relayKey?: string;
  readonly service?: string;
  readonly lookup?: (host: string) => string | NodeJS.ErrnoException;
  readonly upstream?: string;
  readonly clock?: number;
  readonly state?: (folder: string) => Promise<string>;
  readonly caFile?: false;
  /** Given the port of the service and that of the relay. */
  readonly proxy?: (service: number, relay: number) => Promise<string>;
  readonly issuer?: string;
}

const fault = (code: string): NodeJS.ErrnoException => Object.assign(new Error(code), { code });

/** A service with an own authority, its relay on another host, and an application, all on this machine. */
async function world(variant: Variant) {
  const folder = await temporaryFolder();
  const peer = closing(await startServicePeer());
  const front = closing(
    await startTlsFront({
      certified: authority.issue({ names: ['bridge.test'] }),
      behind: { '*': Number(new URL(peer.origin).port) },
      ...variant.front,
    }),
  );
  const origin = variant.service ?? `https://bridge.test:${front.port}`;
  const relay = closing(
    await startRelay({
      port: 0,
      keys: { listen: { key, rights: ['Listen'] } },
      log: silentLog,
      clock: systemClock,
    }),
  );
  const relayFront = closing(
    await startTlsFront({
      certified: authority.issue({ names: ['relay.test'] }),
      behind: { '*': Number(new URL(relay.endpoint).port) },
      ...variant.relayFront,
    }),
  );
  const expiresAt = systemClock.now() + hour;
  peer.on('GET /.well-known/oauth-authorization-server', ok(metadataOf(variant.issuer ?? origin)));
  peer.on('GET /api/health', ok({}));
  peer.on(
    'POST /api/tunnel/listener',
    ok({
      endpoint: variant.relayAddress?.(relayFront.port) ?? `wss://relay.test:${relayFront.port}`,
      path: 'sys-1',
      token: createSasToken({
        resource: 'http://relay.test/sys-1',
        keyName: 'listen',
        key: variant.relayKey ?? key,
        expiresAt,
      }),
      expiresAt: new Date(expiresAt).toISOString(),
    }),
  );
  const state = (await variant.state?.(folder)) ?? join(folder, 'state');
  if (variant.state === undefined) await writeCredentials(state, credentialsOf(origin));
  const application = closing(
    createHttpServer((_, response) => response.end('hello')).listen(0, '127.0.0.1'),
  );
  await once(application, 'listening');
  const upstream = variant.upstream ?? `http://127.0.0.1:${(application.address() as AddressInfo).port}`;
  const caFile = join(folder, 'ca.pem');
  await writeFile(caFile, authority.certificate);
  const config = join(folder, 'gateway.json');
  await writeFile(
    config,
    JSON.stringify({
      service: origin,
      upstream,
      stateDir: state,
      ...(variant.caFile !== false && { caFile }),
      ...(variant.proxy && { proxy: { url: await variant.proxy(front.port, relayFront.port) } }),
    }),
  );
  const known: Record<string, string> = { 'bridge.test': '127.0.0.1', 'relay.test': '127.0.0.1' };
  const lookup: LookupFunction = (host, options, found) => {
    const address = variant.lookup?.(host) ?? known[host] ?? fault('ENOTFOUND');
    if (typeof address !== 'string') found(address, '', 0);
    else if (options.all === true) found(null, [{ address, family: 4 }]);
    else found(null, address, 4);
  };
  const gateway = await composeGateway(await readGatewayConfiguration({ config }), {
    clock: { now: () => systemClock.now() + (variant.clock ?? 0) },
    random: systemRandom,
    log: silentLog,
    proxyEnv: {},
    lookup,
    application: 'gateway 1',
  });
  closers.push(() => gateway.close());
  return { gateway, relay, peer };
}

type Gateway = Awaited<ReturnType<typeof world>>['gateway'];

async function doctor(gateway: Gateway, json = false) {
  const lines: string[] = [];
  const code = await doctorCommand.run({
    gateway,
    flags: {},
    words: [],
    json,
    interactive: false,
    print: (line) => void lines.push(line),
    note: () => {},
    confirm: async () => false,
  });
  return { code, lines };
}

const proxyTo =
  (change: (proxy: DifficultProxy) => void = () => {}, credentials?: string) =>
  async (service: number, relay: number): Promise<string> => {
    const routes = { [`bridge.test:${service}`]: service, [`relay.test:${relay}`]: relay };
    const proxy = closing(await startDifficultProxy(routes, credentials));
    change(proxy);
    return proxy.url;
  };

/** A port where connections are neither taken nor refused, as behind a firewall: its backlog is full. */
async function filteredPort(): Promise<number> {
  const worker = new Worker(
    `const { createServer } = require('node:net');
     const { parentPort } = require('node:worker_threads');
     const server = createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
       parentPort.postMessage(server.address().port);
       Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 40000);
     });`,
    { eval: true },
  );
  closers.push(() => worker.terminate());
  const [port] = (await once(worker, 'message')) as [number];
  const { connect } = await import('node:net');
  for (let i = 0; i < 8; i++) {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    closers.push(() => socket.destroy());
  }
  await new Promise((resolve) => setTimeout(resolve, 100));
  return port;
}

async function listening(server: Server): Promise<number> {
  closing(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const checks = ['state', 'name', 'connection', 'tls', 'service', 'clock', 'relay', 'tunnel', 'application'];

describe('doctor', () => {
  it('finds nothing when all is well, and leaves no listener behind', async () => {
    const { gateway, relay } = await world({});
    const { code, lines } = await doctor(gateway);
    expect(lines.filter((line) => !line.startsWith('ok'))).toEqual([]);
    expect(lines.map((line) => line.slice(7, 19).trim())).toEqual(checks);
    expect(code).toBe(0);
    while (relay.connections().size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  });

  it('finds nothing behind a proxy that asks for the credentials it is given', async () => {
    const proxy = async (service: number, relay: number) =>
      (await proxyTo(() => {}, 'gate:secret')(service, relay)).replace('//', '//gate:secret@');
    // Behind the proxy this machine needs no name server.
    const { gateway } = await world({ proxy, lookup: () => fault('EAI_AGAIN') });
    const { code, lines } = await doctor(gateway);
    expect(lines.filter((line) => !line.startsWith('ok'))).toEqual([]);
    expect(lines.join()).not.toContain('secret');
    expect(code).toBe(0);
  });

  const day = 24 * hour;
  it.each<[string, Variant | (() => Promise<Variant>), string, RegExp]>([
    [
      'unknown host',
      { lookup: () => fault('ENOTFOUND') },
      'name',
      /bridge\.test: its name is not known .*; correct `service`/,
    ],
    [
      'name server down',
      { lookup: () => fault('EAI_AGAIN') },
      'name',
      /name server does not answer; check the name server/,
    ],
    [
      'port closed',
      { service: 'https://bridge.test:1' },
      'connection',
      /bridge\.test:1: nothing listens there; correct `service`/,
    ],
    [
      'filtered',
      async () => ({ service: `https://bridge.test:${await filteredPort()}` }),
      'connection',
      /no answer within 10 s; a firewall swallows it: allow TCP from here to bridge\.test:\d+, or name a proxy/,
    ],
    [
      'no TLS there',
      async () => ({ service: `https://bridge.test:${await listening(createHttpServer())}` }),
      'tls',
      /does not speak TLS there; it may be another service/,
    ],
    [
      'TLS cut by a firewall',
      async () => ({
        service: `https://bridge.test:${await listening(createTcpServer((socket) => socket.on('error', () => {}).once('data', () => socket.destroy())))}`,
      }),
      'tls',
      /the connection was cut; .*firewall/,
    ],
    ['unknown authority', { caFile: false }, 'tls', /unknown authority; set caFile/],
    [
      'inspecting proxy',
      { front: { certified: stranger.issue({ names: ['bridge.test'] }) } },
      'tls',
      /unknown authority.*proxy that looks into TLS/,
    ],
    [
      'expired certificate',
      {
        front: {
          certified: authority.issue({
            names: ['bridge.test'],
            notBefore: Date.now() - 9 * day,
            notAfter: Date.now() - day,
          }),
        },
      },
      'tls',
      /has expired; it must be replaced there/,
    ],
    [
      'certificate of tomorrow',
      { front: { certified: authority.issue({ names: ['bridge.test'], notBefore: Date.now() + day }) } },
      'tls',
      /not valid yet; .*clock/,
    ],
    [
      'wrong host name',
      { front: { certified: authority.issue({ names: ['other.test'] }) } },
      'tls',
      /for another name; correct the address/,
    ],
    [
      'TLS too old',
      { front: { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' } },
      'tls',
      /no TLS 1\.2 or newer; it must be updated/,
    ],
    ['another server', { issuer: 'https://other.test' }, 'service', /says that it is https:\/\/other\.test/],
    [
      'proxy unreachable',
      { proxy: async () => 'http://127.0.0.1:1' },
      'proxy',
      /the proxy 127\.0\.0\.1:1 cannot be used: nothing listens there/,
    ],
    [
      'proxy unknown',
      { proxy: async () => 'http://proxy.test:3128' },
      'proxy',
      /the proxy proxy\.test:3128 cannot be used: its name is not known/,
    ],
    [
      'proxy wants credentials',
      { proxy: proxyTo(() => {}, 'gate:secret') },
      'proxy',
      /asks for a user and password \(407\)/,
    ],
    [
      'proxy wants others',
      {
        proxy: async (a, b) => (await proxyTo(() => {}, 'gate:secret')(a, b)).replace('//', '//gate:wrong@'),
      },
      'proxy',
      /refuses this user and password \(407\)/,
    ],
    [
      'proxy refuses CONNECT',
      { proxy: proxyTo((proxy) => (proxy.manner = 'refuses')) },
      'proxy',
      /does not let us through to bridge\.test:\d+ \(403\); its operator must allow/,
    ],
    [
      'proxy does not get through',
      { proxy: proxyTo((proxy) => (proxy.manner = 'fails')) },
      'proxy',
      /does not reach bridge\.test:\d+ \(503\)/,
    ],
    [
      'proxy hangs',
      { proxy: proxyTo((proxy) => (proxy.manner = 'hangs')) },
      'proxy',
      /gives no answer; correct its address/,
    ],
    [
      'proxy lets us to the service only',
      {
        proxy: async (service) =>
          closing(await startDifficultProxy({ [`bridge.test:${service}`]: service })).url,
      },
      'relay',
      /does not reach relay\.test:\d+ \(502\)/,
    ],
    ['clock ahead', { clock: 25 * minute }, 'clock', /25 minutes ahead of the service; set it/],
    ['clock behind', { clock: -25 * minute }, 'clock', /25 minutes behind the service; set it/],
    [
      'relay unknown',
      { lookup: (host) => (host === 'relay.test' ? fault('ENOTFOUND') : '127.0.0.1') },
      'relay',
      /relay\.test: its name is not known/,
    ],
    [
      'relay unreachable',
      { relayAddress: () => 'wss://relay.test:1' },
      'relay',
      /relay\.test:1: nothing listens there/,
    ],
    [
      'relay with a strange certificate',
      { relayFront: { certified: stranger.issue({ names: ['relay.test'] }) } },
      'relay',
      /relay\.test:\d+: .*unknown authority/,
    ],
    [
      'WebSocket upgrade stripped',
      { relayFront: { stripsUpgrade: true } },
      'tunnel',
      /upgrade was answered with 404; something between here and relay\.test:\d+ takes it away: it must let WebSockets pass/,
    ],
    [
      'token refused',
      { relayKey: Buffer.from('another').toString('base64') },
      'tunnel',
      /relay\.test:\d+ refuses this gateway's token \(401\)/,
    ],
    [
      'application down',
      { upstream: 'http://127.0.0.1:1' },
      'application',
      /127\.0\.0\.1:1: nothing listens there; correct `upstream`/,
    ],
    ['application unknown', { upstream: 'http://app.test' }, 'application', /app\.test/],
    [
      'application with a TLS fault',
      async () => ({
        upstream: `https://127.0.0.1:${closing(await startTlsFront({ certified: stranger.issue({ names: ['127.0.0.1'] }), behind: {} })).port}`,
      }),
      'application',
      /unknown authority/,
    ],
    [
      'application speaks https',
      async () => ({
        upstream: `http://127.0.0.1:${closing(await startTlsFront({ certified: stranger.issue({ names: ['127.0.0.1'] }), behind: {} })).port}`,
      }),
      'application',
      /is it http or https/,
    ],
    [
      'application silent',
      async () => ({ upstream: `http://127.0.0.1:${await listening(createHttpServer(() => {}))}` }),
      'application',
      /does not answer within 10 s/,
    ],
    [
      'state folder is a file',
      {
        state: async (folder) => {
          await writeFile(join(folder, 'state'), '');
          return join(folder, 'state', 'deeper');
        },
      },
      'state',
      /cannot be used: .*; give `stateDir`/,
    ],
  ])('names it in one line: %s', async (_, given, check, words) => {
    const variant = typeof given === 'function' ? await given() : given;
    const { gateway } = await world(variant);
    const { code, lines } = await doctor(gateway);
    const faults = lines.filter((line) => line.startsWith('FAULT'));
    expect(faults).toEqual([expect.stringMatching(words)]);
    expect(faults[0]?.slice(7, 19).trim()).toBe(check);
    expect(faults[0]).not.toMatch(/[\n\r]|secret|wrong@/);
    expect(code).toBe(1);
    // The same in JSON, for whoever watches many gateways.
    if (check === 'name' || check === 'clock') {
      const { lines: text, code: again } = await doctor(gateway, true);
      const found = JSON.parse(text.join('\n')) as {
        checks: { check: string; ok: boolean | null; says: string }[];
      };
      expect(found.checks.filter(({ ok: fine }) => fine === false)).toEqual([
        { check, ok: false, says: expect.stringMatching(words) as string },
      ]);
      expect(again).toBe(1);
    }
  });
});
