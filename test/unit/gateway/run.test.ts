import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  credentialsOf,
  flagsFor,
  runGateway,
  startGateway,
  until,
  writeCredentials,
  type GatewayProcess,
} from './gateway-process.ts';
import { startRelay } from '../../../local/relay/relay.ts';
import { silentLog } from '../../../shared/log.ts';
import { systemClock } from '../../../shared/system-clock.ts';
import { createSasToken } from '../../../shared/tunnel/sas-token.ts';
import { ok, startServicePeer, tokensOf, type ServicePeer } from './service-peer.ts';
import { removeFolders, temporaryFolder } from './temporary-folder.ts';

interface Status {
  readonly state: string;
  readonly running: boolean;
  readonly tunnel?: { kind: string };
  readonly reach?: { state: string };
  readonly pending?: { userCode: string };
}

/** The daemon as its own process, watched from outside: through its local API, its state folder and the service. */
describe('run', () => {
  let folder: string;
  let state: string;
  let peer: ServicePeer;
  let flags: string[];
  let running: GatewayProcess[];

  beforeEach(async () => {
    folder = await temporaryFolder();
    state = join(folder, 'state');
    peer = await startServicePeer();
    peer.on('POST /api/tunnel/listener', { status: 403, json: { detail: 'not yet' } });
    peer.on('GET /api/shares', ok({ shares: [] }));
    flags = flagsFor(peer.origin, peer.origin, state);
    running = [];
  });

  afterEach(async () => {
    await Promise.all(running.map((each) => each.stop('SIGKILL')));
    await peer.close();
    await removeFolders();
  });

  async function start(...more: string[]): Promise<GatewayProcess> {
    const gateway = startGateway(folder, ['run', ...flags, ...more]);
    running.push(gateway);
    await gateway.says(/"ready":true/);
    return gateway;
  }

  /** Asks the local API as the application beside the gateway does. */
  async function status(): Promise<Status> {
    const { origin } = JSON.parse(await readFile(join(state, 'console.json'), 'utf8')) as { origin: string };
    const key = await readFile(join(state, 'console.key'), 'utf8');
    const answer = await fetch(`${origin}/api/status`, { headers: { authorization: `Bearer ${key}` } });
    return (await answer.json()) as Status;
  }

  /** A relay to which the service gives leave to listen. */
  async function relayOfPeer() {
    const relay = await startRelay({
      port: 0,
      keys: { listen: { key: 'a2V5', rights: ['Listen'] } },
      log: silentLog,
      clock: systemClock,
    });
    const expiresAt = Date.now() + 3_600_000;
    const token = { resource: 'http://127.0.0.1/sys-1', keyName: 'listen', key: 'a2V5', expiresAt };
    peer.on(
      'POST /api/tunnel/listener',
      ok({
        endpoint: relay.endpoint.replace('http', 'ws'),
        path: 'sys-1',
        token: createSasToken(token),
        expiresAt: new Date(expiresAt).toISOString(),
      }),
    );
    return relay;
  }

  const asked = (route: string) => peer.requests.filter(({ method, path }) => `${method} ${path}` === route);

  const record = (id: string, fields: object = {}) => ({
    id,
    state: 'active',
    systemId: 'sys-1',
    dashboard: { id: 'north', title: 'North', entryPath: '/', items: [] },
    allowlist: { version: 1, rules: [] },
    createdAt: Date.UTC(2026, 0, 1),
    ...fields,
  });

  async function writeRecord(id: string, fields: object = {}): Promise<void> {
    await mkdir(join(state, 'shares'), { recursive: true, mode: 0o700 });
    await writeFile(join(state, 'shares', `${id}.json`), JSON.stringify(record(id, fields)));
  }

  it('sends nothing before somebody connects', async () => {
    const gateway = await start();
    expect(await status()).toMatchObject({ state: 'not-connected' });
    await gateway.stop();
    expect(peer.requests).toEqual([]);
  });

  it('opens its tunnels when credentials appear, and closes them when they vanish', async () => {
    await start();
    expect((await status()).tunnel).toBeUndefined();
    await writeCredentials(state, credentialsOf(peer.origin));
    await until(() => asked('POST /api/tunnel/listener').length > 0);
    expect(asked('POST /api/tunnel/listener')[0]?.headers.authorization).toBe('Bearer access-0');
    expect(await status()).toMatchObject({ state: 'connected', tunnel: {} });
    await rm(join(state, 'credentials.json'));
    await until(async () => (await status()).tunnel === undefined);
    expect(await status()).toMatchObject({ state: 'not-connected' });
  });

  it('closes its tunnels at once also while the service keeps something else waiting', async () => {
    await writeCredentials(state, credentialsOf(peer.origin));
    await writeRecord('north');
    peer.on('GET /api/shares', () => new Promise<never>(() => {}));
    await start();
    await until(() => asked('GET /api/shares').length > 0);
    await rm(join(state, 'credentials.json'));
    await until(async () => (await status()).tunnel === undefined);
  });

  it('says how reachable it is, and keeps when it last was for when it does not run', async () => {
    const relay = await relayOfPeer();
    await writeCredentials(state, credentialsOf(peer.origin));
    const told = async () => {
      const { stdout } = await runGateway(folder, ['status', '--json', ...flags]);
      return (JSON.parse(stdout) as { reach: { state: string; lastSeenAt?: string } }).reach;
    };
    expect(await told()).toEqual({ state: 'no-tunnel' });
    await start();
    await until(async () => (await status()).reach?.state === 'connected');
    expect(Date.parse((await told()).lastSeenAt ?? '')).toBeGreaterThan(Date.now() - 60_000);
    await relay.close();
    await until(async () => (await status()).reach?.state === 'no-tunnel');
    await running[0]?.stop();
    expect(await told()).toEqual({ state: 'no-tunnel', lastSeenAt: expect.any(String) as string });
  });

  it('says that the application cannot be reached though the tunnel stands', async () => {
    const relay = await relayOfPeer();
    await writeCredentials(state, credentialsOf(peer.origin));
    flags = flagsFor(peer.origin, 'http://127.0.0.1:1', state);
    await start();
    await until(async () => (await status()).reach?.state === 'system-unreachable');
    const { stdout } = await runGateway(folder, ['status', ...flags]);
    expect(stdout).toContain('System unreachable: the tunnel stands, but the application does not answer.');
    await relay.close();
  });

  it('says to the command line that it runs', async () => {
    await start();
    const { stdout } = await runGateway(folder, ['status', '--json', ...flags]);
    expect(JSON.parse(stdout)).toMatchObject({ running: true });
    await running[0]?.stop();
    const after = await runGateway(folder, ['status', '--json', ...flags]);
    expect(JSON.parse(after.stdout)).toMatchObject({ running: false });
  });

  it('does not run twice with the same state folder, and leaves the first alone', async () => {
    await start();
    const second = await runGateway(folder, ['run', ...flags]);
    expect(second).toMatchObject({ code: 1, stdout: '' });
    expect(second.stderr).toBe('This gateway runs already, with the same state folder.\n');
    expect(await status()).toMatchObject({ state: 'not-connected' });
  });

  it('runs again at once after it was killed', async () => {
    const first = await start();
    await first.stop('SIGKILL');
    await start();
    expect(await status()).toMatchObject({ state: 'not-connected' });
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('ends cleanly with exit code 0 on %s', async (signal) => {
    await writeCredentials(state, credentialsOf(peer.origin));
    const gateway = await start();
    await until(() => asked('POST /api/tunnel/listener').length > 0);
    const ended = await gateway.stop(signal);
    expect(ended.code).toBe(0);
    expect(ended.stderr).not.toContain('    at ');
    expect(await readdir(state)).not.toContain('console.json');
  });

  it('ends as quickly while the service keeps it waiting', async () => {
    await writeCredentials(state, credentialsOf(peer.origin, { renewAt: Date.now() - 1 }));
    await writeRecord('north');
    const silent = new Promise<never>(() => {});
    peer.on('POST /oauth/token', () => silent);
    peer.on('GET /api/shares', () => silent);
    const gateway = await start();
    await until(() => asked('POST /oauth/token').length > 0);
    expect((await gateway.stop()).code).toBe(0);
    // What was under way is lost, and the key with which it can be repeated is not.
    expect(JSON.parse(await readFile(join(state, 'credentials.json'), 'utf8'))).toMatchObject({
      refreshToken: 'refresh-0',
    });
  });

  it('names the port of the local API when another program has it', async () => {
    const other: Server = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const config = join(folder, 'gateway.json');
    await writeFile(
      config,
      JSON.stringify({ service: peer.origin, upstream: peer.origin, stateDir: 'state', console: { port } }),
    );
    const ended = await runGateway(folder, ['run', '--config', config]);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toBe(`console: 127.0.0.1:${port} cannot be used: another program listens there.\n`);
    other.close();
  });

  it('renews what is due, and goes on with what it got', async () => {
    await writeCredentials(state, credentialsOf(peer.origin, { renewAt: Date.now() - 1 }));
    peer.on('POST /oauth/token', ok(tokensOf(1)));
    await start();
    const read = async () =>
      JSON.parse(await readFile(join(state, 'credentials.json'), 'utf8')) as { refreshToken: string };
    await until(async () => (await read()).refreshToken === 'refresh-1');
    expect(asked('POST /oauth/token').map(({ form }) => form.refresh_token)).toEqual(['refresh-0']);
    expect((await status()).state).toBe('connected');
  });

  it('asks for approval by itself when it was shut out, as the gateway it was, and shows the code', async () => {
    await writeCredentials(state, credentialsOf(peer.origin, { renewAt: Date.now() - 1 }));
    peer.on('POST /oauth/token', ({ form }) =>
      form.grant_type === 'refresh_token'
        ? { status: 400, json: { error: 'invalid_grant', error_code: 'expired' } }
        : { status: 400, json: { error: 'authorization_pending' } },
    );
    const address = { verification_uri: 'https://portal.example/connect', expires_in: 900, interval: 0.05 };
    peer.on('POST /oauth/device', ok({ device_code: 'd-1', user_code: 'WDJB-MJHT', ...address }));
    await start();
    await until(async () => (await status()).state === 'pending');
    expect(await status()).toMatchObject({ pending: { userCode: 'WDJB-MJHT' } });
    expect(asked('POST /oauth/device').map(({ form }) => form.refresh_token)).toEqual(['refresh-0']);

    peer.on('POST /oauth/token', ok(tokensOf(2)));
    await until(async () => (await status()).state === 'connected');
    await until(() =>
      asked('POST /api/tunnel/listener').some(({ headers }) => headers.authorization === 'Bearer access-2'),
    );
  });

  it('goes on waiting for an approval that a `connect` was waiting for when it was killed', async () => {
    peer.on('POST /oauth/token', { status: 400, json: { error: 'authorization_pending' } });
    const address = { verification_uri: 'https://portal.example/connect', expires_in: 900, interval: 0.05 };
    peer.on('POST /oauth/device', ok({ device_code: 'd-1', user_code: 'WDJB-MJHT', ...address }));
    const connecting = startGateway(folder, ['connect', ...flags]);
    await connecting.says(/WDJB-MJHT/);
    await connecting.stop('SIGKILL');
    await start();
    peer.on('POST /oauth/token', ok(tokensOf(1)));
    await until(async () => (await status()).state === 'connected');
    expect(asked('POST /oauth/device')).toHaveLength(1);
  });

  it('does not ask again by itself after somebody denied it', async () => {
    const { service, systemId, systemName, organizationName, gatewayId } = credentialsOf(peer.origin);
    const identity = { service, systemId, systemName, organizationName, gatewayId };
    await writeCredentials(state, { ...identity, state: 'revoked', reason: 'revoked', since: Date.now() });
    const address = { verification_uri: 'https://portal.example/connect', expires_in: 900, interval: 0.05 };
    peer.on('POST /oauth/device', ok({ device_code: 'd-1', user_code: 'WDJB-MJHT', ...address }));
    peer.on('POST /oauth/token', { status: 400, json: { error: 'access_denied' } });
    const gateway = await start();
    await until(async () => asked('POST /oauth/token').length === 1 && (await status()).state === 'revoked');
    const { stderr } = await gateway.stop();
    expect(stderr).toContain('"outcome":"denied"');
    expect(asked('POST /oauth/device')).toHaveLength(1);
  });

  it('tells the service of a disconnect that it has not heard of', async () => {
    await writeRecord('north');
    await writeCredentials(state, credentialsOf(peer.origin, { state: 'disconnecting', since: Date.now() }));
    peer.on('DELETE /api/system', { status: 204 });
    await start();
    await until(async () => !(await readdir(state)).includes('credentials.json'));
    expect(asked('DELETE /api/system')).toHaveLength(1);
    await until(async () => (await readdir(join(state, 'shares'))).length === 0);
  });

  it('removes at its start what the service no longer shares, and what crashes left half written', async () => {
    await writeRecord('ended-1');
    await writeRecord('open-1');
    const old = join(state, 'shares', '.north.json.0123456789ab.tmp');
    const fresh = join(state, '.credentials.json.0123456789ab.tmp');
    for (const file of [old, fresh]) await writeFile(file, '{"half');
    await utimes(old, new Date(0), new Date(0));
    await writeCredentials(state, credentialsOf(peer.origin));
    const share = {
      url: 'https://x.shares.example/',
      dashboard: { id: 'north', title: 'North' },
      recipients: [],
      createdAt: '2026-01-01T00:00:00Z',
    };
    const shares = [
      { id: 'ended-1', status: 'ended', ...share },
      { id: 'open-1', status: 'active', ...share },
    ];
    peer.on('GET /api/shares', ok({ shares }));
    await start();
    await until(async () => (await readdir(join(state, 'shares'))).join() === 'open-1.json');
    // Somebody may be writing this one.
    expect(await readdir(state)).toContain('.credentials.json.0123456789ab.tmp');
  });

  it('keeps the shares when damaged credentials are moved away, for an approval brings them back', async () => {
    await writeRecord('north');
    await writeRecord('south', { state: 'ending' });
    await start();
    await until(async () => (await readdir(join(state, 'shares'))).join() === 'north.json');
    expect(await status()).toMatchObject({ state: 'not-connected' });
  });

  it('says the same failure once, not every second', async () => {
    await writeCredentials(state, { state: 'connected', accessToken: 'very-secret' });
    const gateway = await start();
    await new Promise((resolve) => setTimeout(resolve, 2500));
    const { stderr } = await gateway.stop();
    expect(stderr.match(/cannot be read as credentials/g)).toHaveLength(1);
    expect(stderr).not.toContain('very-secret');
  });
});
