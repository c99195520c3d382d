import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { composeServices, type Services } from '../../functions/trigger/services.ts';
import { programEnvironment } from '../../local/rehearsal/runtime.ts';
import { accountFor } from '../../shared/accounts/account.ts';
import { readConfiguration } from '../../shared/configuration.ts';
import { emailAddress } from '../../shared/email/email-address.ts';
import { listMailbox } from '../../shared/email/mailbox-folder.ts';
import { silentLog as log } from '../../shared/log.ts';
import { packageRoot } from '../../shared/package-root.ts';
import { containerNames } from '../../shared/store/document-store.ts';
import { systemClock as clock, systemRandom as random } from '../../shared/system-clock.ts';
import { shareWish } from '../support/services.ts';

const gateway = { kind: 'gateway', id: 'gw-1' } as const;
const ann = emailAddress('ann@guest.example');

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

let dataDir: string;
const environment = () => programEnvironment({ DATA_DIR: dataDir });
const program = (name: string) => join(packageRoot, `dist/local/${name}.js`);

/** A command as an operator gives it, without a terminal. */
const command = (name: 'backup' | 'restore' | 'check', ...args: string[]): Promise<Ended> =>
  new Promise((resolve) => {
    const options = { env: environment(), cwd: packageRoot };
    execFile(process.execPath, [program(name), ...args], options, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });

async function inService<T>(use: (services: Services) => Promise<T>): Promise<T> {
  const services = composeServices(readConfiguration({ DATA_DIR: dataDir }), { clock, random, log });
  try {
    return await use(services);
  } finally {
    await services.journal.flush();
    services.sender.close();
    await services.store.close();
  }
}

/** Two organizations with a system each, which shares some dashboards. */
const fill = (shares: number) =>
  inService(async ({ accounts, deviceGrants, shares: made }) => {
    const systems = [];
    for (const name of ['north', 'south']) {
      const owner = await accountFor(accounts, clock, emailAddress(`${name}@plant.example`));
      const asked = await deviceGrants.request({ gatewayName: 'gw', source: '192.0.2.1' });
      const system = await deviceGrants.approve(asked.userCode, owner, {
        organization: { kind: 'new', name: `Org ${name}`, slug: `org-${name}` },
        system: { name, slug: name },
      });
      await deviceGrants.poll(asked.deviceCode);
      systems.push(system);
      for (let n = 0; n < shares; n++) await made.create(system, gateway, shareWish(ann));
    }
    const [north, south] = systems;
    if (!north || !south) throw new Error('no systems');
    return { north, south };
  });

const dump = () =>
  inService(async ({ store }) => {
    const all = new Map<string, unknown>();
    for (const container of containerNames.filter((name) => name !== 'audit'))
      for await (const document of store.scan(container))
        all.set(`${container} ${document.pk} ${document.id}`, document);
    return all;
  });

const loseStore = async () => {
  for (const end of ['', '-wal', '-shm']) await rm(join(dataDir, `documents.sqlite${end}`), { force: true });
};
const backUp = async (): Promise<string> => {
  const { code, stdout } = await command('backup');
  expect(code).toBe(0);
  return /^Backup (\S+): \d+ documents$/m.exec(stdout)?.[1] ?? '';
};
const actions = (organizationId: string) =>
  inService(async ({ audit }) => (await audit.list(organizationId, { limit: 50 })).items);

beforeEach(async () => (dataDir = await mkdtemp(join(tmpdir(), 'drawbridge-restore-'))));
afterEach(() => rm(dataDir, { recursive: true, force: true }));

it('lists backups, and says in a dry run what would come back without changing anything', async () => {
  const { north } = await fill(2);
  expect((await command('restore', '--list')).stdout).toContain('There is no whole backup.');
  const id = await backUp();
  expect((await command('restore', '--list')).stdout).toContain(id);
  expect((await command('restore', '--from', 'latest', '--dry-run')).stdout).toContain(
    'there is nothing to restore',
  );
  await inService(({ store }) => store.remove('systems', north.id, north.id));
  const before = await dump();
  const { code, stdout } = await command('restore', '--from', id, '--dry-run');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^systems +2 +1 +1 +0 +0 +0$/m);
  expect(stdout).toContain('Would come back: 1 documents');
  expect(stdout).toContain('Left out: deviceGrants, a gateway asks again by itself.');
  expect(await dump()).toEqual(before);
  // Without a terminal nobody can agree.
  const { code: unasked, stderr } = await command('restore', '--from', id);
  expect([unasked, stderr]).toEqual([2, expect.stringContaining('give --yes') as string]);
  expect(await dump()).toEqual(before);
});

it('brings back what is missing in the live store, and what was revoked stays revoked', async () => {
  const { north } = await fill(2);
  const [revoked, other] = await inService(async ({ shares }) => (await shares.list(north.id, 10)).items);
  if (!revoked || !other) throw new Error('no shares');
  await backUp();
  await inService(async ({ shares, store }) => {
    await shares.remove(revoked, gateway);
    await store.remove('shares', other.id, other.id);
  });
  expect((await command('restore', '--from', 'latest', '--yes')).code).toBe(0);
  const found = await inService(async ({ shares }) => (await shares.list(north.id, 10)).items);
  expect(Object.fromEntries(found.map(({ id, status }) => [id, status]))).toEqual({
    [revoked.id]: 'ended',
    [other.id]: 'paused',
  });
  expect(await command('check')).toMatchObject({ code: 0, stdout: 'All documents fit each other.\n' });
});

it('restores a lost store and lost secrets by the exported key; one organization first, then all', async () => {
  const { north, south } = await fill(2);
  const key = join(dataDir, 'key.json');
  expect((await command('backup', 'key', key)).code).toBe(0);
  expect((await stat(key)).mode & 0o777).toBe(0o600);
  const again = await command('backup', 'key', key);
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('is there already') as string]);
  expect(await actions('service')).toContainEqual(
    expect.objectContaining({ action: 'key.exported', subject: { kind: 'secret', id: 'backup' } }),
  );
  await backUp();
  await loseStore();
  await rm(join(dataDir, 'secrets.json'));

  const without = await command('restore', '--from', 'latest', '--yes');
  expect([without.code, without.stderr]).toEqual([3, expect.stringContaining('--key FILE') as string]);

  const one = ['--from', 'latest', '--key', key, '--organization', 'org-south', '--yes'];
  const { code, stdout } = await command('restore', ...one);
  expect(code).toBe(0);
  expect(stdout).toContain('The owners of one system were asked');
  expect(await inService(({ systems }) => systems.read(north.id))).toBeUndefined();
  expect(await actions(south.organizationId)).toContainEqual(
    expect.objectContaining({ action: 'backup.restored' }),
  );
  expect((await command('restore', '--from', 'latest', '--key', key, '--yes')).code).toBe(0);
  expect(await inService(({ systems }) => systems.read(north.id))).toMatchObject({ state: 'connected' });
  expect(await actions('service')).toContainEqual(expect.objectContaining({ action: 'backup.restored' }));
  expect(await command('check')).toMatchObject({ code: 0 });
  const asked = (await listMailbox(join(dataDir, 'mail'))).filter(({ subject }) =>
    subject.includes('confirm'),
  );
  expect(asked.map(({ to }) => to).sort()).toEqual(['north@plant.example', 'south@plant.example']);
});

it('goes on where it was killed, when it is started again', async () => {
  await fill(150);
  const id = await backUp();
  const whole = await dump();
  await loseStore();
  const args = [program('restore'), '--from', id, '--yes'];
  const killed = spawn(process.execPath, args, { env: environment(), cwd: packageRoot, stdio: 'pipe' });
  const gone = once(killed, 'exit');
  let said = '';
  killed.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
    // In the midst of writing: some containers are done, and on the disk.
    if (/Restoring[^]*shares: 300 of 300/.test(said)) killed.kill('SIGKILL');
  });
  expect(await gone).toEqual([null, 'SIGKILL']);
  const partly = await dump();
  expect(partly.size).toBeGreaterThan(0);
  expect(partly.size).toBeLessThan(whole.size - 100);
  const { code } = await command('restore', '--from', id, '--yes');
  expect(code).toBe(0);
  const comesBack = (key: string) => !key.startsWith('deviceGrants ') && !key.startsWith('sessions ');
  expect([...(await dump()).keys()].sort()).toEqual([...whole.keys()].filter(comesBack).sort());
  expect(await command('check')).toMatchObject({ code: 0 });
});

it.each(['changed', 'cut short', 'without its manifest'] as const)(
  'refuses a backup that is %s before anything changes',
  async (how) => {
    await fill(2);
    const id = await backUp();
    await loseStore();
    const file = join(dataDir, 'backups', id, 'audit.ndjson.gz.sealed');
    const bytes = await readFile(file);
    if (how === 'changed') await writeFile(file, bytes.fill((bytes[20] ?? 0) ^ 1, 20, 21));
    if (how === 'cut short') await writeFile(file, bytes.subarray(0, -1));
    if (how === 'without its manifest') await rm(join(dataDir, 'backups', id, 'manifest.json'));
    const { code, stdout, stderr } = await command('restore', '--from', id, '--yes');
    expect([code, stdout]).toEqual([3, '']);
    expect(stderr).toMatch(/damaged|no whole backup/);
    expect((await dump()).size).toBe(0);
  },
);

it('restores beside the live store, to look at', async () => {
  await fill(1);
  await backUp();
  const before = await dump();
  const beside = join(dataDir, 'beside');
  expect((await command('restore', '--from', 'latest', '--to', beside, '--yes')).code).toBe(0);
  expect(await dump()).toEqual(before);
  await loseStore();
  await copyFile(join(beside, 'documents.sqlite'), join(dataDir, 'documents.sqlite'));
  expect((await dump()).size).toBeGreaterThan(10);
});
