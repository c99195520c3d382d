import { cp, copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../local/free-port.ts';
import { connectGateway, Gateway } from '../../local/rehearsal/gateway-program.ts';
import { Person } from '../../local/rehearsal/person.ts';
import { eventually, Runtime } from '../../local/rehearsal/runtime.ts';
import { createAccessTokens } from '../../shared/oauth/access-token.ts';
import { openFileSecretStore } from '../../shared/secrets/file-secret-store.ts';
import { systemClock, systemRandom } from '../../shared/system-clock.ts';
import { keyOf } from '../contract/secret-store.contract.ts';
import { northCalls, startOnPremApplication } from '../support/on-prem-application.ts';
import { runbook } from '../support/runbook.ts';

const plant = { organizationName: 'Plant Ltd', organizationSlug: 'plant' };
const north = { systemName: 'Monitoring North', systemSlug: 'north' };

/** A service, a gateway that shares a dashboard, and Ann who watches it. */
class Stage {
  runtime!: Runtime;
  application!: Awaited<ReturnType<typeof startOnPremApplication>>;
  gateway!: Gateway;
  readonly others: Gateway[] = [];
  owner!: Person;
  ann!: Person;
  share!: { id: string; url: string };
  systemId = '';

  static async set(): Promise<Stage> {
    const stage = new Stage();
    stage.runtime = await Runtime.start();
    stage.application = await startOnPremApplication();
    stage.gateway = await Gateway.at(stage.runtime, stage.application.origin, 'first');
    stage.owner = new Person(stage.runtime, 'olga@plant.example');
    stage.ann = new Person(stage.runtime, 'ann@guest.example');
    await connectGateway(stage.runtime, stage.gateway, stage.owner, { ...plant, ...north });
    await stage.gateway.run();
    const calls = join(stage.runtime.dataDir, 'calls.json');
    await writeFile(calls, JSON.stringify(northCalls));
    const made = await stage.gateway.cli(
      ...['share', '--dashboard', 'north', '--title', 'North', '--path', '/dashboards/north'],
      ...['--to', stage.ann.email, '--calls', calls, '--yes', '--json'],
    );
    stage.share = JSON.parse(made.stdout) as Stage['share'];
    await stage.ann.finishSignIn(await stage.ann.open(`/invitations/${stage.share.id}`));
    const system = await stage.api('/api/system');
    stage.systemId = ((await system.json()) as { id: string }).id;
    return stage;
  }

  async api(path: string, token?: string): Promise<Response> {
    const { accessToken } = await this.gateway.credentials();
    return fetch(`http://127.0.0.1:${this.runtime.port}${path}`, {
      headers: { authorization: `Bearer ${token ?? accessToken}` },
    });
  }

  another(name: string): Promise<Gateway> {
    return Gateway.at(this.runtime, this.application.origin, name).then((gateway) => {
      this.others.push(gateway);
      return gateway;
    });
  }

  /** Approves what a link of `connect` leads to, as one more gateway of the system. */
  async approveAnother(link: string): Promise<void> {
    const done = await this.owner.submit(await this.owner.open(link), '/connect/decide', {
      target: 'existing',
      existing: this.systemId,
      terms: 'accepted',
      decision: 'approve',
    });
    expect(done.text).toContain(north.systemName);
  }

  watch = async () => (await this.ann.send(new URL('/dashboards/north', this.share.url).href)).status;

  /** @returns what Ann was answered while something else happened */
  async watchDuring(meanwhile: () => Promise<void>): Promise<number[]> {
    let over = false;
    const seen: number[] = [];
    const watching = (async () => {
      while (!over) seen.push(await this.watch());
    })();
    try {
      await meanwhile();
    } finally {
      over = true;
      await watching;
    }
    return seen;
  }

  get settings() {
    return { ...this.runtime.settings, DATA_DIR: this.runtime.dataDir };
  }

  async exportAudit(): Promise<string> {
    const exported = await this.owner.send(`/organizations/${plant.organizationSlug}/audit/export/json`);
    const file = join(this.runtime.dataDir, 'audit.json');
    await writeFile(file, exported.body);
    return file;
  }

  async strike(): Promise<void> {
    for (const gateway of [this.gateway, ...this.others]) await gateway.stop();
    await this.application.close();
    expect(await this.runtime.stop()).toBe(0);
  }
}

/** What a token request for a renewal answers, as a gateway would ask. */
async function renewed(stage: Stage, refreshToken: string): Promise<{ access_token: string }> {
  const response = await fetch(`http://127.0.0.1:${stage.runtime.port}/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({
      client_id: 'drawbridge-gateway',
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
    }),
  });
  return (await response.json()) as { access_token: string };
}

const done = { code: 0 };

describe('docs/rotate-signing-secret.md', () => {
  let stage: Stage;
  beforeAll(async () => (stage = await Stage.set()));
  afterAll(() => stage.strike());

  it('rotates under a running service: the old token is believed, the next is of the new version', async () => {
    const book = runbook('rotate-signing-secret', stage.settings);
    const { accessToken: old, refreshToken } = await stage.gateway.credentials();
    expect(await book.run('npm run secrets -- rotate')).toMatchObject({
      ...done,
      stdout: 'Every secret is as it should be.\n',
    });
    expect(await book.run('npm run secrets -- rotate token-signing')).toMatchObject(done);
    const { access_token: next } = await renewed(stage, refreshToken);
    expect(keyOf(next)).not.toBe(keyOf(old));
    for (const token of [next, old]) expect((await stage.api('/api/system', token)).status).toBe(200);
    expect(await stage.watch()).toBe(200);

    book.command('curl --fail "$PUBLIC_ORIGIN/api/health"');
    const health = await fetch(`http://127.0.0.1:${stage.runtime.port}/api/health`);
    expect(await health.json()).toMatchObject({ dependencies: { signingSecret: 'ready' } });
    const status = await book.run('npm run gateway -- status --config FILE', { FILE: stage.gateway.config });
    expect(status).toMatchObject(done);
    expect(book.unrun()).toEqual([]);
  });
});

describe('docs/compromised-signing-secret.md', () => {
  let stage: Stage;
  beforeAll(async () => (stage = await Stage.set()));
  afterAll(() => stage.strike());
  let book: ReturnType<typeof runbook>;
  const kid = async () => keyOf((await stage.gateway.credentials()).accessToken);

  /** What somebody signs who has the secrets and knows the gateway. */
  async function stolenSecrets() {
    const stolen = join(stage.runtime.dataDir, 'stolen.json');
    await copyFile(join(stage.runtime.dataDir, 'secrets.json'), stolen);
    const secrets = openFileSecretStore({ file: stolen, clock: systemClock, random: systemRandom });
    return createAccessTokens({ secrets, clock: systemClock, issuer: stage.runtime.origin });
  }

  it('withdraws the secret: what a thief signs is refused, and the gateway goes on by itself', async () => {
    book = runbook('compromised-signing-secret', stage.settings);
    const { accessToken: before } = await stage.gateway.credentials();
    const payload = JSON.parse(Buffer.from(before.split('.')[1] ?? '', 'base64url').toString()) as {
      sub: never;
      gw: never;
      gen: number;
      rkh: string;
    };
    const thief = await stolenSecrets();
    const forge = () =>
      thief.sign({
        systemId: payload.sub,
        gatewayId: payload.gw,
        generation: payload.gen,
        keyHash: payload.rkh,
      });
    expect((await stage.api('/api/system', await forge())).status).toBe(200);

    expect(await book.run('npm run secrets -- withdraw token-signing')).toMatchObject(done);
    expect(await book.run('npm run secrets -- withdraw handoff')).toMatchObject(done);
    const refused = await eventually(async () => {
      const { status } = await stage.api('/api/system', await forge());
      return status === 401 && status;
    }, 70);
    expect(refused).toBe(401);
    expect((await stage.api('/api/system', before)).status).toBe(401);
    // With its next call, which it makes every three minutes; here it is made to call.
    expect((await stage.gateway.cli('shares')).code).toBe(0);
    expect(await kid()).not.toBe(keyOf(before));
    expect((await stage.api('/api/system')).status).toBe(200);
    expect(await stage.watch()).toBe(200);
  });

  it('renews the keys of the relay', async () => {
    expect(await book.run('npm run secrets -- renew-relay-key')).toMatchObject(done);
    await stage.runtime.kill();
    await stage.runtime.restart();
    await eventually(async () => (await stage.watch()) === 200, 40);
  });

  it('withdraws the MAC of refresh keys: the gateway asks, is approved, and its share goes on', async () => {
    expect(await book.run('npm run secrets -- withdraw refresh-key-mac')).toMatchObject(done);
    // Its token lives for days; what makes it renew now is that the thief's may not be believed either.
    expect(await book.run('npm run secrets -- withdraw token-signing')).toMatchObject(done);
    await eventually(async () => (await stage.api('/api/system')).status === 401, 70);
    await stage.gateway.stop();
    const running = stage.gateway.run().catch(() => {});
    const text = 'npm run gateway -- status --config FILE';
    const link = await eventually(async () => {
      const { stdout } = await book.run(text, { FILE: stage.gateway.config });
      return /https?:\/\/\S+user_code=\S+/.exec(stdout)?.[0];
    }, 40);
    await stage.approveAnother(link);
    await running;
    await eventually(async () => (await stage.watch()) === 200, 60);
    const page = await stage.owner.open(`/systems/${stage.systemId}`);
    expect(page.text.match(/Remove gateway first/g)).toHaveLength(2);
  });

  it('makes new versions of what cannot be withdrawn, and checks the audit', async () => {
    const key = join(stage.runtime.dataDir, 'backup-key.json');
    expect(await book.run('npm run secrets -- rotate backup')).toMatchObject(done);
    expect(await book.run('npm run backup:key -- backup-key.json', { 'backup-key.json': key })).toMatchObject(
      done,
    );
    expect(JSON.parse(await readFile(key, 'utf8'))).toMatchObject({ format: 'drawbridge-backup-key' });
    expect(await book.run('npm run secrets -- rotate second-factor')).toMatchObject(done);
    const FILE = await stage.exportAudit();
    expect(await book.run('npm run audit:verify -- FILE', { FILE })).toMatchObject(done);
    expect(book.unrun()).toEqual([]);
  });
});

describe('docs/compromised-system.md', () => {
  let stage: Stage;
  beforeAll(async () => (stage = await Stage.set()));
  afterAll(() => stage.strike());

  it('removes one gateway, then a share, then the system; a clean machine starts anew', async () => {
    const book = runbook('compromised-system', stage.settings);
    const second = await stage.another('second');
    await mkdir(second.stateDir, { recursive: true, mode: 0o700 });
    await copyFile(join(stage.gateway.stateDir, 'seal.key'), join(second.stateDir, 'seal.key'));
    const connecting = second.connect();
    await stage.approveAnother(await connecting.link);
    expect(await connecting.done).toMatchObject(done);
    await second.run();
    const stolen = await stage.gateway.credentials();

    const FILE = second.config;
    const listed = await book.run('npm run gateway -- gateways --config FILE', { FILE });
    const ID = /^(gw-\S+) .*first$/m.exec(listed.stdout)?.[1] ?? '';
    const removal = 'npm run gateway -- gateways --remove ID --config FILE';
    expect(await book.run(removal, { ID, FILE })).toMatchObject({
      ...done,
      stdout: 'Removed first. The system and its shares go on.\n',
    });
    expect((await stage.api('/api/system', stolen.accessToken)).status).toBe(401);
    expect(await renewed(stage, stolen.refreshToken)).toMatchObject({ error_code: 'gateway_removed' });
    await eventually(async () => (await stage.watch()) === 200);

    const SHARE_ID = stage.share.id;
    const unshare = 'npm run gateway -- unshare SHARE_ID --config FILE';
    expect(await book.run(unshare, { SHARE_ID, FILE })).toMatchObject(done);
    expect(await stage.watch()).toBe(403);

    expect(await book.run('npm run gateway -- disconnect --yes --config FILE', { FILE })).toMatchObject(done);
    expect((await stage.owner.open('/')).text).not.toContain(north.systemName);
    const audit = await stage.exportAudit();
    expect(await book.run('npm run audit:verify -- FILE', { FILE: audit })).toMatchObject(done);

    const clean = await stage.another('clean');
    const NEW = clean.config;
    expect(await book.run('npm run gateway -- doctor --config NEW', { NEW })).toMatchObject(done);
    book.command('npm run gateway -- connect --config NEW');
    await connectGateway(stage.runtime, clean, stage.owner, {
      organizationName: 'Plant again',
      organizationSlug: 'plant-again',
      systemName: 'North again',
      systemSlug: 'north-again',
    });
    book.command('npm run gateway -- run --config NEW');
    await clean.run();
    expect(book.unrun()).toEqual([]);
  });
});

describe('docs/move-a-gateway.md', () => {
  let stage: Stage;
  let next: Gateway;
  let book: ReturnType<typeof runbook>;
  beforeAll(async () => {
    stage = await Stage.set();
    book = runbook('move-a-gateway', stage.settings);
    next = await stage.another('next');
  });
  afterAll(() => stage.strike());

  it('moves while both machines run, and no viewer notices', async () => {
    const NEW = next.config;
    const seen = await stage.watchDuring(async () => {
      await mkdir(next.stateDir, { recursive: true, mode: 0o700 });
      await copyFile(join(stage.gateway.stateDir, 'seal.key'), join(next.stateDir, 'seal.key'));
      expect(await book.run('npm run gateway -- doctor --config NEW', { NEW })).toMatchObject(done);
      book.command('npm run gateway -- connect --config NEW');
      const connecting = next.connect();
      await stage.approveAnother(await connecting.link);
      expect(await connecting.done).toMatchObject(done);
      book.command('npm run gateway -- run --config NEW');
      await next.run();
      const listed = await book.run('npm run gateway -- gateways --config NEW', { NEW });
      expect(listed.stdout).toMatch(/first[^]*next \(this one\)/);
      expect(await book.run('npm run gateway -- status --config NEW', { NEW })).toMatchObject(done);
      const leaving = 'npm run gateway -- disconnect --this-gateway --yes --config OLD';
      expect(await book.run(leaving, { OLD: stage.gateway.config })).toMatchObject(done);
      await eventually(async () => !(await next.cli('gateways')).stdout.includes('first'));
    });
    expect(seen.length).toBeGreaterThan(10);
    expect(seen.filter((status) => status !== 200)).toEqual([]);
  });

  it('removes a gateway whose machine is dead', async () => {
    const dead = await stage.another('dead');
    const connecting = dead.connect();
    await stage.approveAnother(await connecting.link);
    await connecting.done;
    const NEW = next.config;
    const listed = await next.cli('gateways');
    const ID = /^(gw-\S+) .*dead$/m.exec(listed.stdout)?.[1] ?? '';
    const removal = 'npm run gateway -- gateways --remove ID --config NEW';
    expect(await book.run(removal, { ID, NEW })).toMatchObject(done);
  });

  it('moves with its identity, the state folder copied while the old one is stopped', async () => {
    const moved = await stage.another('moved');
    await next.stop();
    await cp(next.stateDir, moved.stateDir, { recursive: true });
    await rm(next.stateDir, { recursive: true });
    await moved.run();
    expect(await book.run('npm run gateway -- status --config NEW', { NEW: moved.config })).toMatchObject(
      done,
    );
    await eventually(async () => (await stage.watch()) === 200);
    expect(book.unrun()).toEqual([]);
  });
});

describe('docs/region-failover.md', () => {
  it('looks at the documents and at what was revoked, while the service runs', async () => {
    const stage = await Stage.set();
    const book = runbook('region-failover', stage.settings);
    book.command('curl --fail "$PUBLIC_ORIGIN/api/health"');
    const FILE = stage.gateway.config;
    expect(await book.run('npm run gateway -- status --config FILE', { FILE })).toMatchObject(done);
    const health = await fetch(`http://127.0.0.1:${stage.runtime.port}/api/health`);
    expect(health.status).toBe(200);
    expect(await stage.gateway.cli('unshare', stage.share.id)).toMatchObject(done);
    expect(await book.run('npm run check')).toMatchObject(done);
    expect(await book.run('npm run revocations')).toMatchObject({
      ...done,
      stdout: 'The store knows everything that was noted.\n',
    });
    expect(await book.run('npm run revocations -- --apply')).toMatchObject(done);
    expect(book.unrun()).toEqual([]);
    await stage.strike();
  });

  it('gateways move by themselves to another relay that the service names', async () => {
    const stage = await Stage.set();
    const first = stage.runtime;
    expect(await stage.watch()).toBe(200);
    // The relay of the first region is gone, and the service names that of the second, which has the same key.
    await first.kill();
    const second = `http://127.0.0.1:${await freePort()}`;
    expect(second).not.toBe(first.relayEndpoint);
    await first.boot(String(first.port), second);
    await eventually(async () => (await stage.watch()) === 200, 40);
    await stage.strike();
  });
});
