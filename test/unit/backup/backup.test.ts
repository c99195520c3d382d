import { mkdtemp, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuditLog } from '../../../shared/audit/audit-log.ts';
import { openBackup, verifyBackup } from '../../../shared/backup/backup-read.ts';
import { runBackup } from '../../../shared/backup/backup-run.ts';
import { listBackups, makeBackup, newestBackup, pruneBackups } from '../../../shared/backup/backup.ts';
import type { BlobFolder } from '../../../shared/blobs/blob-folder.ts';
import { folderBlobs } from '../../../shared/blobs/folder-blobs.ts';
import { day, hour } from '../../../shared/clock.ts';
import { silentLog } from '../../../shared/log.ts';
import { openFileSecretStore } from '../../../shared/secrets/file-secret-store.ts';
import type { Document, DocumentStore } from '../../../shared/store/document-store.ts';
import { openSqliteDocumentStore } from '../../../shared/store/sqlite-document-store.ts';
import { systemRandom as random } from '../../../shared/system-clock.ts';

let folder: string;
let store: DocumentStore;
let blobs: BlobFolder;
let now: number;
const clock = { now: () => now };
const log = silentLog;
const secretsIn = (name: string) =>
  openFileSecretStore({ file: join(folder, name, 'secrets.json'), clock, random });
const make = (from: DocumentStore = store) =>
  makeBackup({ store: from, blobs, secrets: secretsIn('a'), clock, random, log });
const verify = (id: string) => verifyBackup(id, { blobs, secrets: secretsIn('a') });
const fault = (kind: string) => expect.objectContaining({ name: 'BackupUnusable', fault: kind }) as Error;
const pathOf = (name: string) => join(folder, 'backups', name);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drawbridge-'));
  store = openSqliteDocumentStore({ file: join(folder, 'documents.sqlite') });
  blobs = folderBlobs({ folder: join(folder, 'backups') });
  now = Date.parse('2026-01-01T00:00:00Z');
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

const share = (id: string, title = 'Pump hall') => ({ id, pk: id, title });
async function fill(count: number): Promise<void> {
  for (let n = 0; n < count; n++) await store.create('shares', share(`s${n}`));
}

/** A store whose scan fails after so many documents. */
const failingAfter = (count: number): DocumentStore =>
  Object.assign(Object.create(store) as DocumentStore, {
    scanTexts: async function* (): AsyncGenerator<readonly string[]> {
      for (let n = 0; n < count; n++) yield [JSON.stringify(share(`s${n}`, 'x'.repeat(1000)))];
      throw new Error('the store is gone');
    },
  });

it('tells how far it is, container by container', async () => {
  await fill(3);
  const told: [string, number][] = [];
  const many = Object.assign(Object.create(store) as DocumentStore, {
    scanTexts: async function* (container: string): AsyncGenerator<readonly string[]> {
      if (container === 'systems') for (let n = 0; n < 6; n++) yield Array<string>(20_000).fill('{}');
      else yield* store.scanTexts(container as 'shares');
    },
  });
  await makeBackup({
    store: many,
    blobs,
    secrets: secretsIn('a'),
    clock,
    random,
    log,
    progress: (container, documents) => told.push([container, documents]),
  });
  expect(told).toEqual([
    ['systems', 60_000],
    ['systems', 100_000],
    ['systems', 120_000],
    ['shares', 3],
  ]);
});

it('holds every document of every container, as it was', async () => {
  const odd = { id: 'odd', pk: 'p', text: 'line\nbreak \u2028 \ud83d\ude00 "quoted"', deep: [{ x: null }] };
  await store.create('systems', odd);
  await store.create('audit', share('large', 'ü'.repeat(900_000)));
  await fill(1500);
  const { id, files } = await make();
  expect(Object.fromEntries(files.map(({ container, documents }) => [container, documents]))).toMatchObject({
    shares: 1500,
    systems: 1,
    audit: 1,
    accounts: 0,
  });
  const backup = await openBackup(id, { blobs, secrets: secretsIn('a') });
  const shares: Document[] = [];
  for await (const document of backup.documents('shares')) shares.push(document);
  expect(shares.map((each) => each.id).sort()).toEqual(
    Array.from({ length: 1500 }, (_, n) => `s${n}`).sort(),
  );
  for await (const document of backup.documents('systems')) expect(document).toEqual(odd);
  await verify(id);
});

it('tells nothing of the documents to who copies the folder', async () => {
  await store.create('shares', share('s', 'Reactor of the secret kind'));
  const { id } = await make();
  for (const name of await readdir(pathOf(id))) {
    const content = await readFile(pathOf(`${id}/${name}`));
    expect(content.includes('Reactor')).toBe(false);
    // A gzip header would mean that compression is the last thing that was done.
    expect(content.subarray(0, 2).equals(Buffer.from([0x1f, 0x8b]))).toBe(false);
  }
});

it('opens after the backup secret was rotated, and not without the version it was made with', async () => {
  await fill(3);
  const { id } = await make();
  await secretsIn('a').rotate('backup');
  await verify(id);
  await expect(verifyBackup(id, { blobs, secrets: secretsIn('other') })).rejects.toEqual(
    fault('key-missing'),
  );
});

it('is no backup when it failed half-way, nor are its parts left to be taken for one', async () => {
  await expect(make(failingAfter(5000))).rejects.toThrow('the store is gone');
  expect(await listBackups(blobs)).toEqual([]);
  const [id = ''] = await blobs.folders();
  if (id !== '') await expect(verify(id)).rejects.toEqual(fault('missing'));
});

describe('a backup that was damaged', () => {
  let id: string;
  const shares = () => pathOf(`${id}/shares.ndjson.gz.sealed`);
  const manifest = () => pathOf(`${id}/manifest.json`);
  beforeEach(async () => {
    await fill(2000);
    ({ id } = await make());
  });

  it('is found out when a byte of a file differs', async () => {
    const content = await readFile(shares());
    await writeFile(shares(), content.fill((content[50] ?? 0) ^ 1, 50, 51));
    await expect(verify(id)).rejects.toEqual(fault('damaged'));
  });

  it('is found out, and not listed, when a file is cut short or gone', async () => {
    const { length } = await readFile(shares());
    await truncate(shares(), length - 20);
    await expect(verify(id)).rejects.toEqual(fault('damaged'));
    expect(await listBackups(blobs)).toEqual([]);
    await rm(shares());
    await expect(verify(id)).rejects.toEqual(fault('missing'));
    expect(await newestBackup(blobs)).toBeUndefined();
  });

  it('is found out when files were exchanged, within it or between backups', async () => {
    const other = await make();
    await rename(pathOf(`${other.id}/shares.ndjson.gz.sealed`), shares());
    await expect(verify(id)).rejects.toEqual(fault('damaged'));
    await rename(pathOf(`${id}/accounts.ndjson.gz.sealed`), pathOf(`${id}/systems.ndjson.gz.sealed`));
    await expect(verify(id)).rejects.toMatchObject({ name: 'BackupUnusable' });
  });

  it('is found out when the manifest was edited, even if it agrees with the files', async () => {
    const edited = JSON.parse(await readFile(manifest(), 'utf8')) as { files: unknown[] };
    await writeFile(manifest(), JSON.stringify({ ...edited, files: edited.files.slice(1) }));
    await expect(verify(id)).rejects.toEqual(fault('damaged'));
  });

  it.each([
    ['{"format":', 'damaged'],
    ['{"format":"drawbridge-backup","formatVersion":1}', 'damaged'],
    ['{"format":"other"}', 'foreign'],
    ['[]', 'foreign'],
    ['{"format":"drawbridge-backup","formatVersion":2}', 'newer'],
  ])('is told apart from foreign and newer ones by its manifest: %s', async (content, kind) => {
    await writeFile(manifest(), content);
    await expect(verify(id)).rejects.toEqual(fault(kind));
    expect(await listBackups(blobs)).toEqual([]);
  });
});

describe('old backups', () => {
  it('are listed newest first and removed after 90 days, but never the newest whole one', async () => {
    const made: string[] = [];
    for (let n = 0; n < 4; n++) {
      made.unshift((await make()).id);
      now += 30 * day;
    }
    expect((await listBackups(blobs)).map(({ id }) => id)).toEqual(made);
    expect((await newestBackup(blobs))?.id).toBe(made[0]);
    expect(await pruneBackups(blobs, clock, log)).toEqual([made[3]]);
    now += 365 * day;
    await pruneBackups(blobs, clock, log);
    expect((await listBackups(blobs)).map(({ id }) => id)).toEqual([made[0]]);
  });

  it('keep the newest whole one even when a newer, broken one is there', async () => {
    const whole = await make();
    now += day;
    const broken = await make();
    await rm(pathOf(`${broken.id}/shares.ndjson.gz.sealed`));
    now += 365 * day;
    await pruneBackups(blobs, clock, log);
    expect(await blobs.folders()).toEqual([whole.id]);
  });

  it('go with what an interrupted one left, after a day, and no sooner', async () => {
    const { id } = await make();
    await rm(pathOf(`${id}/manifest.json`));
    await writeFile(pathOf(`${id}/shares.ndjson.gz.sealed.x.partial`), 'half');
    now += 23 * hour;
    expect(await pruneBackups(blobs, clock, log)).toEqual([]);
    now += 2 * hour;
    expect(await pruneBackups(blobs, clock, log)).toEqual([id]);
    expect(await readdir(join(folder, 'backups'))).toEqual([]);
  });

  it('leave alone what this version does not understand, and folders that are none of theirs', async () => {
    const { id } = await make();
    await writeFile(pathOf(`${id}/manifest.json`), '{"format":"drawbridge-backup","formatVersion":2}');
    await blobs.write('holiday-pictures/beach', (async function* () {})());
    now += 365 * day;
    expect(await pruneBackups(blobs, clock, log)).toEqual([]);
    expect(await blobs.folders()).toEqual([id, 'holiday-pictures']);
  });
});

describe('a run of the timer', () => {
  const run = (from: DocumentStore) =>
    runBackup({
      store: from,
      blobs,
      secrets: secretsIn('a'),
      audit: createAuditLog({ store, clock, random }),
      clock,
      random,
      log,
      pauses: [1, 1],
    });
  const audited = async () =>
    (await createAuditLog({ store, clock, random }).list('service', { limit: 10 })).items.map(
      ({ action }) => action,
    );

  it('makes a whole backup and notes it', async () => {
    await fill(3);
    const { id } = await run(store);
    await verify(id);
    expect(await audited()).toEqual(['backup.made']);
  });

  it('tries again after a failure', async () => {
    let failures = 2;
    const flaky: DocumentStore = Object.assign(Object.create(store) as DocumentStore, {
      scanTexts: (...[container]: Parameters<DocumentStore['scanTexts']>) =>
        (container === 'shares' && failures-- > 0 ? failingAfter(1) : store).scanTexts(container),
    });
    await verify((await run(flaky)).id);
    expect(await audited()).toEqual(['backup.made']);
  });

  it('fails loudly, and notes it, when no attempt works', async () => {
    await expect(run(failingAfter(1))).rejects.toThrow('the store is gone');
    expect(await audited()).toEqual(['backup.failed']);
    expect(await newestBackup(blobs)).toBeUndefined();
  });
});
