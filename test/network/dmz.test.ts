import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Person } from '../../local/rehearsal/person.ts';
import { eventually, Runtime } from '../../local/rehearsal/runtime.ts';
import { packageRoot } from '../../shared/package-root.ts';
import { createAuthority } from '../support/certificate-authority.ts';
import { decideConnect } from '../support/connect-decision.ts';
import { northCalls } from '../support/on-prem-application.ts';
import { startTlsFront, type TlsFront } from '../support/tls-front.ts';

const run = promisify(execFile);
const dmz = ['netns', 'exec', 'drawbridge-dmz'];
const inner = ['netns', 'exec', 'drawbridge-inner'];

/** Out of the DMZ lead port 443 of the cloud and one address of the inner network; nothing leads in. See run.sh. */
describe('a gateway in a DMZ', () => {
  let runtime: Runtime;
  let front: TlsFront;
  let application: ChildProcess;
  let gateway: ChildProcess | undefined;
  let config: string;
  let share: { id: string; url: string };
  let olga: Person;
  let ann: Person;

  const cli = [process.execPath, join(packageRoot, 'dist/gateway/cli.js')];
  const inDmz = (...args: string[]) => [...dmz, ...cli, ...args, '--config', config];

  /** From the DMZ: can this address be connected to? */
  async function reaches(host: string, port: number): Promise<boolean> {
    const script = `require('net').connect({host:'${host}',port:${port},timeout:1500})
      .on('connect',()=>process.exit(0)).on('timeout',()=>process.exit(1)).on('error',()=>process.exit(1))`;
    return run('ip', [...dmz, process.execPath, '-e', script]).then(
      () => true,
      () => false,
    );
  }

  beforeAll(async () => {
    const authority = createAuthority();
    const certified = authority.issue({ names: ['bridge.test', 'relay.bridge.test'] });
    const folder = join(packageRoot, '.data', 'network-test');
    await mkdir(folder, { recursive: true });
    const file = async (name: string, text: string) => {
      await writeFile(join(folder, name), text, { mode: 0o600 });
      return join(folder, name);
    };
    const caFile = await file('ca.pem', authority.certificate);
    runtime = await Runtime.start({
      PUBLIC_ORIGIN: 'https://bridge.test',
      SHARE_DOMAIN: 'share.bridge.test',
      RELAY_ENDPOINT: 'https://relay.bridge.test',
      RELAY_TLS_CERT: await file('relay.pem', certified.cert),
      RELAY_TLS_KEY: await file('relay.key', certified.key),
      NODE_EXTRA_CA_CERTS: caFile,
    });
    front = await startTlsFront({
      certified,
      hostname: '10.231.2.2',
      port: 443,
      behind: { 'bridge.test': runtime.port, 'relay.bridge.test': { tls: 443, ca: authority.certificate } },
    });
    application = spawn('ip', [...inner, process.execPath, join(packageRoot, 'test/network/application.ts')]);
    await once(application.stdout ?? application, 'data');
    config = await file(
      'gateway.json',
      JSON.stringify({
        service: 'https://bridge.test',
        upstream: 'http://10.231.3.2:8080',
        stateDir: join(runtime.dataDir, 'gateway'),
        caFile,
      }),
    );
    olga = new Person(runtime, 'olga@plant.example');
    ann = new Person(runtime, 'ann@guest.example');
  });

  afterAll(async () => {
    gateway?.kill('SIGKILL');
    application.kill('SIGKILL');
    await front.close();
    await runtime.stop();
  });

  it('stands where only two addresses can be reached, and none reaches it', async () => {
    const other = createServer().listen(8443, '10.231.2.2');
    await once(other, 'listening');
    expect(await reaches('10.231.2.2', 443)).toBe(true);
    expect(await reaches('10.231.3.2', 8080)).toBe(true);
    expect(await reaches('10.231.2.2', 8443)).toBe(false);
    expect(await reaches('10.231.3.2', 8081)).toBe(false);
    other.close();
  });

  it('connects, and holds its tunnel', async () => {
    const connecting = spawn('ip', inDmz('connect'));
    let said = '';
    connecting.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    connecting.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const ended = once(connecting, 'exit');
    const link = await eventually(async () => /https:\/\/\S+user_code=[A-Z]{4}-[A-Z]{4}/.exec(said)?.[0], 40);
    await decideConnect(olga, link, 'approve', 'north');
    expect(await ended).toEqual([0, null]);
    gateway = spawn('ip', inDmz('run'), { stdio: ['ignore', 'ignore', 'inherit'] });
    await eventually(async () => {
      const { stdout } = await run('ip', inDmz('status', '--json')).catch(() => ({ stdout: '' }));
      return /"state": "connected",\s*"lastSeenAt"/.test(stdout);
    }, 60);
  });

  it('is well, says doctor', async () => {
    const { stdout } = await run('ip', inDmz('doctor')).catch((error: { stdout: string }) => error);
    expect(stdout.split('\n').filter((line) => line !== '' && !line.startsWith('ok'))).toEqual([]);
  });

  it('serves a share end to end: page and live values; and refuses what is not in it', async () => {
    const calls = join(runtime.dataDir, 'calls.json');
    await writeFile(calls, JSON.stringify(northCalls));
    const wish = ['--dashboard', 'north', '--path', '/dashboards/north', '--to', 'ann@guest.example'];
    const { stdout } = await run('ip', inDmz('share', ...wish, '--calls', calls, '--yes', '--json'));
    share = JSON.parse(stdout) as { id: string; url: string };
    const page = await ann.finishSignIn(await ann.open(`/invitations/${share.id}`));
    expect(page.text).toContain('<h1>Transmitter site North</h1>');
    const value = (elementId: number) =>
      ann.send(new URL('/api/value', share.url).href, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: new URL(share.url).origin },
        body: JSON.stringify({ elementId }),
      });
    expect((await value(101)).status).toBe(200);
    expect((await value(102)).status).toBe(403);
  });

  it('finds its way back when the firewall dropped everything for a while', async () => {
    const rule = ['nft', 'insert', 'rule', 'inet', 'dmz', 'output', 'oifname', 'to-cloud', 'drop'];
    await run('ip', [...dmz, ...rule]);
    const list = await run('ip', [...dmz, 'nft', '-a', 'list', 'chain', 'inet', 'dmz', 'output']);
    const [, handle = ''] = /oifname "to-cloud" drop # handle (\d+)/.exec(list.stdout) ?? [];
    const told = async () => (await run('ip', inDmz('status', '--json'))).stdout;
    await eventually(async () => (await told()).includes('"no-tunnel"'), 20);
    const doctor = await run('ip', inDmz('doctor')).catch((error: { stdout: string }) => error);
    const faults = doctor.stdout.split('\n').filter((line) => line.startsWith('FAULT'));
    expect(faults).toEqual([
      expect.stringMatching(/connection .*bridge\.test:443: no answer within 10 s; a firewall swallows it/),
    ]);
    await run('ip', [...dmz, 'nft', 'delete', 'rule', 'inet', 'dmz', 'output', 'handle', handle]);
    await eventually(async () => {
      const page = await ann.open(new URL('/dashboards/north', share.url).href);
      return page.status === 200;
    }, 25);
  });
});
