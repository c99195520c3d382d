import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createHttpClient } from '../../gateway/http-client.ts';
import { outwardAgents, type OutwardSettings } from '../../gateway/outward-agents.ts';
import { proxyRules } from '../../gateway/proxy-rules.ts';
import { createTunnelListener } from '../../gateway/tunnel/listener.ts';
import { type Relay, startRelay } from '../../local/relay/relay.ts';
import { hour } from '../../shared/clock.ts';
import { silentLog } from '../../shared/log.ts';
import { packageRoot } from '../../shared/package-root.ts';
import { systemClock, systemRandom } from '../../shared/system-clock.ts';
import { createRelaySender } from '../../shared/tunnel/relay-sender.ts';
import { createSasToken } from '../../shared/tunnel/sas-token.ts';
import { createAuthority } from '../support/certificate-authority.ts';
import { startTlsFront, type TlsFront } from '../support/tls-front.ts';
import { metadataOf, ok, startServicePeer, type ServicePeer } from '../unit/gateway/service-peer.ts';
import { type Squid, startSquid } from './squid.ts';

const authority = createAuthority();
const key = Buffer.from('for tests only').toString('base64');
const token = (keyName: string) =>
  createSasToken({
    resource: 'http://relay.bridge.test/hyco',
    keyName,
    key,
    expiresAt: systemClock.now() + hour,
  });

/** HTTPS and WSS with a private authority through Debian's squid; run.sh gives the names. */
describe('through squid', () => {
  let peer: ServicePeer;
  let relay: Relay;
  let front: TlsFront;
  let squid: Squid | undefined;
  const closers: (() => unknown)[] = [];

  beforeAll(async () => {
    peer = await startServicePeer();
    relay = await startRelay({
      port: 0,
      keys: { listen: { key, rights: ['Listen'] }, send: { key, rights: ['Send'] } },
      log: silentLog,
      clock: systemClock,
      // As its listeners reach it, TLS is spoken.
      tls: authority.issue({ names: ['relay.bridge.test', '127.0.0.1'] }),
    });
    front = await startTlsFront({
      certified: authority.issue({ names: ['bridge.test', 'relay.bridge.test'] }),
      port: 443,
      behind: {
        'bridge.test': Number(new URL(peer.origin).port),
        'relay.bridge.test': { tls: Number(new URL(relay.endpoint).port), ca: authority.certificate },
      },
    });
    peer.on('GET /.well-known/oauth-authorization-server', ok(metadataOf('https://bridge.test')));
    peer.on('GET /api/health', ok({}));
  });

  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
    await squid?.close();
    squid = undefined;
  });

  afterAll(async () => {
    await front.close();
    await relay.close();
    await peer.close();
  });

  const settings = (url: string, except: string[] = []): OutwardSettings => ({
    ca: authority.certificate,
    proxy: proxyRules({}, { url, except }),
  });

  async function get(outward: OutwardSettings): Promise<number> {
    const client = createHttpClient(outward);
    closers.push(() => client.close());
    return (await client.send({ method: 'GET', url: new URL('https://bridge.test/api/health') })).status;
  }

  /** A listener; then one small request, and one whose answer takes a rendezvous. */
  async function tunnel(outward: OutwardSettings): Promise<number[]> {
    const listener = createTunnelListener({
      connect: async () => ({
        endpoint: 'wss://relay.bridge.test',
        path: 'hyco',
        token: token('listen'),
        expiresAt: systemClock.now() + hour,
      }),
      handle: async ({ target }) => ({
        status: 200,
        headers: {},
        body: Buffer.alloc(Number(target.slice(1))),
      }),
      clock: systemClock,
      random: systemRandom,
      log: silentLog,
      agents: outwardAgents(outward),
    });
    closers.push(() => listener.close());
    while (listener.state().kind !== 'connected') {
      if (listener.state().kind === 'waiting') throw new Error(listener.state().lastError);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const sender = createRelaySender({
      endpoint: relay.endpoint,
      authorize: async () => token('send'),
      ca: authority.certificate,
    });
    closers.push(() => sender.close());
    const sizes: number[] = [];
    for (const size of [10, 300_000]) {
      const { body } = await sender.send({
        connection: 'hyco',
        target: `/${size}`,
        method: 'GET',
        headers: {},
      });
      let length = 0;
      for await (const piece of body) length += (piece as Buffer).length;
      sizes.push(length);
    }
    return sizes;
  }

  it('goes HTTPS, the control channel and a rendezvous', async () => {
    squid = await startSquid();
    const outward = settings(`http://${squid.authority}`);
    expect(await get(outward)).toBe(200);
    expect(await tunnel(outward)).toEqual([10, 300_000]);
    for (const close of closers.splice(0).reverse()) await close();
    const asked = await seen(3);
    expect(asked.filter((line) => line === '200 bridge.test:443')).toHaveLength(1);
    expect(asked.filter((line) => line === '200 relay.bridge.test:443')).toHaveLength(2);
  });

  it('goes all of it with basic authentication', async () => {
    squid = await startSquid('open sesame');
    const outward = settings(`http://gate:open%20sesame@${squid.authority}`);
    expect(await get(outward)).toBe(200);
    expect(await tunnel(outward)).toEqual([10, 300_000]);
  });

  it.each([
    ['no', '', /asks for a user and password \(407\)/],
    ['another', 'gate:wrong@', /refuses this user and password \(407\)/],
  ])('with %s password says so, for HTTPS as for WSS', async (_, user, words) => {
    squid = await startSquid('open sesame');
    const outward = settings(`http://${user}${squid.authority}`);
    await expect(get(outward)).rejects.toThrow(words);
    await expect(tunnel(outward)).rejects.toThrow(words);
  });

  it('goes past it where NO_PROXY says so', async () => {
    squid = await startSquid('open sesame');
    const outward = settings(`http://${squid.authority}`, ['bridge.test']);
    expect(await get(outward)).toBe(200);
    expect(await tunnel(outward)).toEqual([10, 300_000]);
    expect(await squid.asked()).toEqual([]);
  });

  it.each([
    ['all is well', 'gate:open%20sesame@', 0, []],
    [
      'a password is missing',
      '',
      1,
      [expect.stringMatching(/^FAULT +proxy +.*asks for a user and password \(407\)/)],
    ],
  ])('doctor, told by HTTPS_PROXY: %s', async (_, user, code, faults) => {
    squid = await startSquid('open sesame');
    const folder = await mkdtemp(join(tmpdir(), 'squid-doctor-'));
    closers.push(() => rm(folder, { recursive: true }));
    const caFile = join(folder, 'ca.pem');
    await writeFile(caFile, authority.certificate);
    const config = join(folder, 'gateway.json');
    const upstream = peer.origin;
    await writeFile(
      config,
      JSON.stringify({ service: 'https://bridge.test', upstream, stateDir: join(folder, 'state'), caFile }),
    );
    const cli = join(packageRoot, 'dist/gateway/cli.js');
    const ended = await promisify(execFile)(process.execPath, [cli, 'doctor', '--config', config], {
      env: { PATH: '/usr/bin', HTTPS_PROXY: `http://${user}${squid.authority}` },
    }).then(
      ({ stdout }) => ({ stdout, code: 0 }),
      (error: { stdout: string; code: number }) => error,
    );
    expect(ended.stdout.split('\n').filter((line) => line.startsWith('FAULT'))).toEqual(faults);
    expect(ended.code).toBe(code);
    expect(ended.stdout).not.toContain('sesame');
  });

  /** Squid writes a tunnel down when it ends. */
  async function seen(count: number): Promise<string[]> {
    for (;;) {
      const asked = (await squid?.asked()) ?? [];
      if (asked.length >= count) return asked;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
});
