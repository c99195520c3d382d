import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeBackup } from '../../../shared/backup/backup.ts';
import { restorePolicies } from '../../../shared/backup/restore-policy.ts';
import { planRestore, restore, type RestoreOptions } from '../../../shared/backup/restore.ts';
import { verifyChain } from '../../../shared/audit/verify-chain.ts';
import { day, hour } from '../../../shared/clock.ts';
import { emailAddress } from '../../../shared/email/email-address.ts';
import {
  containerNames,
  type ContainerName,
  type DocumentStore,
} from '../../../shared/store/document-store.ts';
import { shareWish, TestServices } from '../../support/services.ts';

let test: TestServices;
const actor = { kind: 'gateway', id: 'gw-1' } as const;
const ann = emailAddress('ann@guest.example');
const bob = emailAddress('bob@guest.example');

beforeEach(async () => (test = await TestServices.compose()));
afterEach(() => test.close());

const backUp = async () => (await makeBackup(test.services)).id;
const optionsFor = (from: string, more: Partial<RestoreOptions> = {}): RestoreOptions => ({
  from,
  source: test.services,
  into: test.services.store,
  clock: test.clock,
  ...more,
});
const put = (from: string, more?: Partial<RestoreOptions>) => restore(optionsFor(from, more));
const lose = async () => (test = await test.loseDocuments());

async function dump(store: DocumentStore): Promise<Map<string, unknown>> {
  const all = new Map<string, unknown>();
  for (const container of containerNames)
    for await (const document of store.scan(container))
      all.set(`${container} ${document.pk} ${document.id}`, document);
  return all;
}

async function damage(container: ContainerName, id: string): Promise<void> {
  const stored = await test.services.store.read(container, id, id);
  if (!stored) throw new Error('nothing to damage');
  await test.services.store.replace(container, { id, pk: id }, stored.etag);
}

const shareOf = async (systemId: string, id: string) => {
  const share = (await test.services.shares.list(systemId as never, 100)).items.find(
    (each) => each.id === id,
  );
  if (!share) throw new Error('no such share');
  return share;
};

it('has a policy for every container', () => {
  expect(Object.keys(restorePolicies).sort()).toEqual([...containerNames].sort());
});

describe('into the live store', () => {
  it('changes nothing where nothing is lost, whatever was revoked, spent and deleted since', async () => {
    const olga = await test.account('olga@plant.example');
    const { system, credentials } = await test.connect(olga);
    const { services } = test;
    const [ended, narrowed] = [
      (await services.shares.create(system, actor, shareWish(ann, bob))).share,
      (await services.shares.create(system, actor, shareWish(ann, bob))).share,
    ];
    const other = await test.connect(await test.account('otto@mill.example'), 'south');
    const id = await backUp();

    test.clock.moveOn(hour);
    await services.shares.remove(ended, actor);
    await services.shares.update(narrowed, actor, { recipients: [bob] });
    await services.systems.disconnect(other.system, actor);
    const renewed = await services.credentials.renew(credentials.refreshKey);
    await services.credentials.authenticate(renewed.accessToken);
    await services.signIn.begin(ann, { source: '192.0.2.1' });
    const before = await dump(services.store);

    const plan = await planRestore(optionsFor(id));
    await put(id);
    expect(await dump(services.store)).toEqual(before);
    expect(plan.containers.shares).toMatchObject({ documents: 2, kept: 2, missing: 0 });
    await expect(services.credentials.renew(credentials.refreshKey)).rejects.toMatchObject({
      failure: 'reused',
    });
  });

  it('brings back what is missing and replaces what is damaged, and first says so without changing anything', async () => {
    const { system } = await test.connect(await test.account('olga@plant.example'));
    const { services } = test;
    const { share } = await services.shares.create(system, actor, shareWish(ann));
    const id = await backUp();
    const whole = await dump(services.store);
    await damage('systems', system.id);
    await services.store.remove('organizations', system.organizationId, system.organizationId);
    await services.store.remove('allowlists', share.id, share.allowlistId);
    await services.store.remove('audit', system.organizationId, '000000000001');
    const broken = await dump(services.store);

    const plan = await planRestore(optionsFor(id));
    expect(await dump(services.store)).toEqual(broken);
    expect(plan.containers.systems).toMatchObject({ damaged: 1 });
    for (const container of ['organizations', 'allowlists', 'audit'] as const)
      expect([container, plan.containers[container]?.missing]).toEqual([container, 1]);

    await put(id);
    const restored = await dump(services.store);
    const since = new Date(test.clock.now()).toISOString();
    whole.set(`systems ${system.id} ${system.id}`, { ...system, heldSince: since });
    expect(restored).toEqual(
      new Map([...whole].map(([key, value]) => [key, JSON.parse(JSON.stringify(value))])),
    );
  });

  it('restores one organization and nothing of another', async () => {
    const north = await test.connect(await test.account('olga@plant.example'));
    const south = await test.connect(await test.account('otto@mill.example'), 'south');
    const { services } = test;
    const made = [];
    for (const { system } of [north, south])
      made.push((await services.shares.create(system, actor, shareWish(ann))).share);
    const id = await backUp();
    await lose();
    await put(id, { organization: north.system.organizationId });
    const { store, shares, systems } = test.services;
    expect((await systems.read(north.system.id))?.state).toBe('connected');
    expect(await systems.read(south.system.id)).toBeUndefined();
    expect(await store.read('allowlists', made[0]!.id, made[0]!.allowlistId)).toBeDefined();
    expect(await store.read('allowlists', made[1]!.id, made[1]!.allowlistId)).toBeUndefined();
    expect((await shares.list(north.system.id, 10)).items).toHaveLength(1);
    expect((await shares.list(south.system.id, 10)).items).toHaveLength(0);
    expect(await test.services.organizations.bySlug('org-north')).toBeDefined();
    expect(await test.services.organizations.bySlug('org-south')).toBeUndefined();
  });

  it('leaves an audit chain alone that went another way', async () => {
    const { system } = await test.connect(await test.account('olga@plant.example'));
    const id = await backUp();
    await lose();
    const { audit } = test.services;
    await audit.append({ organizationId: system.organizationId, actor, action: 'system.confirmed' });
    const { forkedChains } = await put(id);
    expect(forkedChains).toEqual([system.organizationId]);
    expect((await audit.list(system.organizationId, { limit: 10 })).items).toHaveLength(1);
  });
});

describe('when the store is lost altogether', () => {
  it('brings everything back, shares paused until an owner confirms them, and locks no gateway out', async () => {
    const olga = await test.account('olga@plant.example');
    const { system, credentials } = await test.connect(olga);
    const { share } = await test.services.shares.create(system, actor, shareWish(ann));
    const paused = (await test.services.shares.create(system, actor, shareWish(bob))).share;
    await test.services.shares.update(paused, actor, { status: 'paused' });
    const id = await backUp();
    test.clock.moveOn(day);
    const renewed = await test.services.credentials.renew(credentials.refreshKey);

    await lose();
    await put(id);
    const { services } = test;
    expect((await shareOf(system.id, share.id)).status).toBe('paused');
    await expect(
      services.shares.update(await shareOf(system.id, share.id), actor, { status: 'active' }),
    ).rejects.toMatchObject({ code: 'conflict' });
    // DESIGN.md section 4, rule 5: a key ahead of the record.
    const again = await services.credentials.renew(renewed.refreshKey);
    expect(await services.credentials.authenticate(again.accessToken)).toBeDefined();
    const chain = [];
    for await (const entry of services.audit.all(system.organizationId)) chain.push(entry);
    expect(verifyChain(chain)).toMatchObject({ sound: true, entries: chain.length });

    expect(await services.heldShares.ask()).toBe(1);
    await services.heldShares.ask();
    const asked = (await test.mails('olga@plant.example')).filter(({ subject }) =>
      subject.includes('confirm'),
    );
    expect(asked).toHaveLength(1);

    const held = await services.systems.read(system.id);
    if (!held) throw new Error('no system');
    await services.heldShares.confirm(held, actor);
    await services.heldShares.confirm(held, actor);
    expect((await shareOf(system.id, share.id)).status).toBe('active');
    expect((await shareOf(system.id, paused.id)).status).toBe('paused');
    expect((await services.systems.read(system.id))?.heldSince).toBeUndefined();
    expect(await services.heldShares.ask()).toBe(0);
  });

  it('signs nobody in, and opens no e-mailed code or link', async () => {
    const olga = await test.account('olga@plant.example');
    const { cookie } = await test.services.sessions.openPortal(olga);
    await test.services.signIn.begin(ann, { source: '192.0.2.1' });
    await test.connect(olga);
    const id = await backUp();
    await lose();
    const { containers } = await put(id);
    expect(containers.sessions).toMatchObject({ documents: 1, leftOut: 1 });
    expect(await test.services.sessions.portal(cookie)).toBeUndefined();
    for (const container of [
      'sessions',
      'challenges',
      'passwordLinks',
      'halfSignIns',
      'deviceGrants',
    ] as const)
      for await (const document of test.services.store.scan(container))
        expect([container, document]).toBe('none');
  });

  it('is resumed by starting again after it was interrupted', async () => {
    const { system } = await test.connect(await test.account('olga@plant.example'));
    for (let n = 0; n < 5; n++) await test.services.shares.create(system, actor, shareWish(ann));
    const id = await backUp();
    await lose();
    let writes = 0;
    const { store } = test.services;
    const dying: DocumentStore = {
      ...store,
      read: (...place) => store.read(...place),
      create: (container, document) => {
        if (++writes > 6) throw new Error('the machine is gone');
        return store.create(container, document);
      },
    };
    await expect(put(id, { into: dying })).rejects.toThrow('the machine is gone');
    await put(id);
    const { containers } = await put(id);
    for (const [name, { missing, damaged }] of Object.entries(containers))
      expect([name, missing, damaged]).toEqual([name, 0, 0]);
    expect((await test.services.shares.list(system.id, 10)).items).toHaveLength(5);
  });
});

describe('a backup that cannot be used changes nothing', () => {
  const refused = async (id: string, fault: string) => {
    await lose();
    await expect(put(id)).rejects.toMatchObject({ name: 'BackupUnusable', fault });
    expect((await dump(test.services.store)).size).toBe(0);
  };
  const file = (id: string, name: string) => join(test.dataDir, 'backups', id, name);
  let id: string;
  beforeEach(async () => {
    await test.connect(await test.account('olga@plant.example'));
    id = await backUp();
  });

  it('when its last file is damaged', async () => {
    const path = file(id, 'audit.ndjson.gz.sealed');
    const bytes = await readFile(path);
    await writeFile(path, bytes.fill((bytes[9] ?? 0) ^ 1, 9, 10));
    await refused(id, 'damaged');
  });

  it('when it is cut short', async () => {
    await truncate(file(id, 'audit.ndjson.gz.sealed'), 20);
    await refused(id, 'damaged');
  });

  it('when it is of another service', async () => {
    const other = await TestServices.compose();
    await expect(
      restore({ ...optionsFor(id), source: { blobs: test.services.blobs, secrets: other.services.secrets } }),
    ).rejects.toMatchObject({ fault: 'key-missing' });
    await other.close();
  });

  it.each([
    ['its format', (manifest: string) => manifest.replace('"formatVersion": 1', '"formatVersion": 2')],
    ['a container', (manifest: string) => manifest.replace('"container": "shares"', '"container": "spells"')],
  ])('when a newer version wrote it: %s', async (_, change) => {
    const path = file(id, 'manifest.json');
    await writeFile(path, change(await readFile(path, 'utf8')));
    await refused(id, 'newer');
  });

  it('when a newer version wrote one of its documents', async () => {
    await test.services.store.create('accounts', { id: 'acc-x', pk: 'acc-x', schemaVersion: 2 } as never);
    await refused(await backUp(), 'newer');
  });
});
