import { readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { drill } from '../../../functions/drill.ts';
import { health } from '../../../functions/health.ts';
import { makeBackup } from '../../../shared/backup/backup.ts';
import { checkInvariants } from '../../../shared/backup/invariants.ts';
import { hour, second } from '../../../shared/clock.ts';
import { emailAddress } from '../../../shared/email/email-address.ts';
import { shareWish, TestServices } from '../../support/services.ts';

let test: TestServices;
const actor = { kind: 'gateway', id: 'gw-1' } as const;

beforeEach(async () => {
  test = await TestServices.compose();
  const { system } = await test.connect(await test.account('olga@plant.example'));
  await test.services.shares.create(system, actor, shareWish(emailAddress('ann@guest.example')));
});
afterEach(() => test.close());

const lastDrill = async () =>
  (
    JSON.parse((await health(test.services, {} as never, {} as never)).body as string) as {
      lastDrill: unknown;
    }
  ).lastDrill;
const audited = async () =>
  (await test.services.audit.list('service', { limit: 10, action: 'drill.' })).items.map(
    ({ action, details }) => ({
      action,
      details,
    }),
  );
const scratches = () => readdirSync(tmpdir()).filter((name) => name.startsWith('drawbridge-drill-')).length;
const findings = async () => {
  const found = [];
  for await (const each of checkInvariants(test.services.store, test.services.audit)) found.push(each);
  return found;
};

it('restores the newest backup, compares it, deletes the scratch, and tells audit and health what it measured', async () => {
  await makeBackup(test.services);
  test.clock.moveOn(2 * hour);
  const before = scratches();
  expect(await lastDrill()).toBeNull();
  await drill(test.services);
  const [entry] = await audited();
  expect(entry).toMatchObject({ action: 'drill.passed', details: { rpoSeconds: 7200, rtoSeconds: 0 } });
  // Who asks within a moment is told the same again.
  test.clock.moveOn(2 * second);
  expect(await lastDrill()).toMatchObject({ passed: true, rpoSeconds: 7200, rtoSeconds: 0 });
  expect(Number(entry?.details?.['documents'])).toBeGreaterThan(8);
  expect(scratches()).toBe(before);
});

it('fails loudly on a damaged backup, and tells audit and health', async () => {
  const { id } = await makeBackup(test.services);
  const file = join(test.dataDir, 'backups', id, 'systems.ndjson.gz.sealed');
  const bytes = await readFile(file);
  await writeFile(file, bytes.fill((bytes[9] ?? 0) ^ 1, 9, 10));
  const before = scratches();
  await expect(drill(test.services)).rejects.toMatchObject({ name: 'BackupUnusable', fault: 'damaged' });
  expect((await audited()).map(({ action }) => action)).toEqual(['drill.failed']);
  expect(await lastDrill()).toMatchObject({ passed: false, backup: id });
  expect(scratches()).toBe(before);
});

it('fails when there is no backup', async () => {
  await expect(drill(test.services)).rejects.toMatchObject({ fault: 'missing' });
  expect(await lastDrill()).toMatchObject({ passed: false });
});

it('fails when what was backed up was broken before', async () => {
  const { store } = test.services;
  await store.create('organizations', { id: 'org-x', pk: 'org-x', schemaVersion: 1 } as never);
  await makeBackup(test.services);
  await expect(drill(test.services)).rejects.toThrow('organizations');
});

describe('the invariants', () => {
  it('hold in what the services make', async () => {
    expect(await findings()).toEqual([]);
  });

  it.each([
    ['organizations', 'has no owner', { members: [] }],
    ['systems', 'has no organization', { organizationId: 'org-gone' }],
    ['gateways', 'has no system', { systemId: 'sys-gone' }],
    ['shares', 'has no allowlist', { allowlistId: 'gone' }],
    ['shares', 'is not what its schema says', { status: 'open' }],
    ['audit', 'its chain is changed at 1', { action: 'share.revoked' }],
  ] as const)('name what does not fit in %s: %s', async (container, what, change) => {
    const { store } = test.services;
    for await (const document of store.scan(container)) {
      const stored = await store.read(container, document.pk, document.id);
      if (stored) await store.replace(container, { ...document, ...change }, stored.etag);
      break;
    }
    expect((await findings()).map((each) => [each.container, each.what])).toContainEqual([container, what]);
  });
});
