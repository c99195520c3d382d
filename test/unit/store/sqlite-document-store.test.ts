import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import type { Query } from '../../../shared/store/document-store.ts';
import { openSqliteDocumentStore } from '../../../shared/store/sqlite-document-store.ts';
import { sqlQuery } from '../../../shared/store/sqlite-query.ts';
import { openSqliteFile, sqliteSchemaVersion } from '../../../shared/store/sqlite-schema.ts';
import { StoreUnavailable } from '../../../shared/store/store-errors.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drawbridge-'));
  file = join(folder, 'data', 'documents.sqlite');
});
afterEach(() => rm(folder, { recursive: true }));

const unavailable = (reason: string) =>
  expect.objectContaining({ name: 'StoreUnavailable', reason }) as Error;
const opening = () => {
  try {
    return openSqliteDocumentStore({ file });
  } catch (error) {
    return error;
  }
};

describe('a store whose writes last once it was closed', () => {
  it('keeps them, and is closed as often as anybody likes', async () => {
    const bulk = openSqliteDocumentStore({ file, durable: 'on-close' });
    const other = openSqliteDocumentStore({ file });
    await bulk.create('shares', { id: 'a', pk: 'a' });
    await bulk.close();
    await bulk.close();
    expect((await other.read('shares', 'a', 'a'))?.document.id).toBe('a');
    await other.close();
  });

  it.each([
    ['on-close', 1],
    ['each-write', 2],
  ] as const)('has SQLite wait as %s needs it', (durable, synchronous) => {
    const database = openSqliteFile({ file, durable });
    expect(database.prepare('PRAGMA synchronous').get()).toEqual({ synchronous });
    database.close();
  });
});

describe('opening', () => {
  it('makes the folder and the files for the owner alone', async () => {
    const store = openSqliteDocumentStore({ file });
    await store.create('shares', { id: 'a', pk: 'a' });
    expect((await stat(join(folder, 'data'))).mode & 0o777).toBe(0o700);
    for (const suffix of ['', '-wal', '-shm']) expect((await stat(file + suffix)).mode & 0o777).toBe(0o600);
    await store.close();
  });

  it('finds again what was stored before, and takes its continuations', async () => {
    const first = openSqliteDocumentStore({ file });
    await first.create('shares', { id: 'a', pk: 'a' });
    await first.create('shares', { id: 'b', pk: 'b' });
    const { continuation = '' } = await first.query('shares', { limit: 1 });
    await first.close();
    const second = openSqliteDocumentStore({ file });
    const page = await second.query('shares', { limit: 1, continuation });
    expect(page.items.map(({ document }) => document.id)).toEqual(['b']);
    await second.close();
  });

  it('refuses a file that a newer version wrote, and leaves it alone', async () => {
    await openSqliteDocumentStore({ file }).close();
    const raw = new DatabaseSync(file);
    raw.exec(`PRAGMA user_version = ${sqliteSchemaVersion + 1}`);
    raw.close();
    expect(opening()).toEqual(unavailable('newer-schema'));
    const again = new DatabaseSync(file);
    expect(again.prepare('PRAGMA user_version').get()).toEqual({ user_version: sqliteSchemaVersion + 1 });
    again.close();
  });

  it('refuses the database of another program and a file that is none', async () => {
    await mkdir(join(folder, 'data'));
    await writeFile(file, 'Dear diary, '.repeat(200));
    expect(opening()).toEqual(unavailable('foreign'));
    await rm(file);
    const raw = new DatabaseSync(file);
    raw.exec('CREATE TABLE theirs (x)');
    raw.close();
    expect(opening()).toEqual(unavailable('foreign'));
  });

  it('says when there can be no file at that place', async () => {
    await writeFile(join(folder, 'data'), 'a file, not a folder');
    expect(opening()).toEqual(unavailable('cannot-open'));
  });

  it('adds what a later version of the program indexes, keeping what is there', async () => {
    const before = openSqliteDocumentStore({ file });
    await before.create('shares', { id: 'a', pk: 'a', expiresAt: 1 } as { id: string; pk: string });
    await before.close();
    const raw = new DatabaseSync(file);
    raw.exec('DROP INDEX "shares by expiresAt"; DROP TABLE throttles');
    raw.close();
    const after = openSqliteDocumentStore({ file });
    await after.create('throttles', { id: 'a', pk: 'a' });
    expect((await after.query('shares', { where: [['expiresAt', '=', 1]], limit: 1 })).items).toHaveLength(1);
    await after.close();
  });

  it('works when several processes start on an empty folder at once', async () => {
    const script = `
      import { openSqliteDocumentStore } from ${JSON.stringify(join(process.cwd(), 'shared/store/sqlite-document-store.ts'))};
      const store = openSqliteDocumentStore({ file: ${JSON.stringify(file)} });
      await store.create('shares', { id: process.argv[1], pk: 'p' });
      await store.close();`;
    await Promise.all(
      ['a', 'b', 'c', 'd'].map((id) =>
        promisify(execFile)(process.execPath, ['--input-type=module', '-e', script, id]),
      ),
    );
    const store = openSqliteDocumentStore({ file });
    expect((await store.query('shares', { partition: 'p', limit: 9 })).items).toHaveLength(4);
    await store.close();
  });
});

describe('a disk that fails', () => {
  it('is reported when full, loses nothing, and the store works on once there is room', async () => {
    const store = openSqliteDocumentStore({ file, maximumBytes: 1_500_000 });
    const large = (n: number) => ({ id: `d${n}`, pk: 'p', note: 'x'.repeat(100_000) });
    let written = 0;
    const fill = async () => {
      for (;;) {
        await store.create('shares', large(written));
        written++;
      }
    };
    await expect(fill()).rejects.toEqual(unavailable('disk-full'));
    expect(written).toBeGreaterThan(3);
    for (let n = 0; n < written; n++) expect(await store.read('shares', 'p', `d${n}`)).toBeDefined();
    expect(await store.read('shares', 'p', `d${written}`)).toBeUndefined();
    await store.remove('shares', 'p', 'd0');
    await store.create('shares', large(written));
    await store.close();
  });

  it('is reported when another process locks it, while reading goes on', async () => {
    const ours = openSqliteDocumentStore({ file, busyMilliseconds: 20 });
    await ours.create('shares', { id: 'a', pk: 'a' });
    const blocker = new DatabaseSync(file);
    blocker.exec('BEGIN IMMEDIATE');
    expect(await ours.read('shares', 'a', 'a')).toBeDefined();
    await expect(ours.create('shares', { id: 'b', pk: 'b' })).rejects.toEqual(unavailable('busy'));
    await expect(ours.check()).rejects.toEqual(unavailable('busy'));
    blocker.exec('ROLLBACK');
    blocker.close();
    await ours.create('shares', { id: 'b', pk: 'b' });
    await ours.close();
  });

  it('is reported when the folder is read-only', async () => {
    await openSqliteDocumentStore({ file }).close();
    await chmod(file, 0o400);
    await chmod(join(folder, 'data'), 0o500);
    // Root may write everywhere, so root becomes somebody else for a moment.
    const root = process.geteuid?.() === 0;
    if (root) process.seteuid?.(65_534);
    try {
      expect(opening()).toEqual(unavailable('cannot-open'));
    } finally {
      if (root) process.seteuid?.(0);
    }
    await chmod(join(folder, 'data'), 0o700);
  });

  it('is told apart from a store that was closed', async () => {
    const store = openSqliteDocumentStore({ file });
    await store.close();
    await store.close();
    await expect(store.check()).rejects.toEqual(unavailable('closed'));
    await expect(store.create('shares', { id: 'a', pk: 'a' })).rejects.toThrow(StoreUnavailable);
  });
});

describe('reading a lot', () => {
  it('lets the journal be folded back in the middle of a scan', async () => {
    const store = openSqliteDocumentStore({ file });
    for (let n = 0; n < 600; n++) await store.create('sessions', { id: `d${n}`, pk: 'p' });
    const raw = new DatabaseSync(file);
    const scan = store.scan('sessions')[Symbol.asyncIterator]();
    await scan.next();
    await store.create('sessions', { id: 'late', pk: 'p' });
    expect(raw.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()).toMatchObject({ busy: 0, log: 0 });
    raw.close();
    await store.close();
  });

  it('ends a page early rather than hold many large documents in memory', async () => {
    const store = openSqliteDocumentStore({ file });
    for (let n = 0; n < 7; n++)
      await store.create('shares', { id: `d${n}`, pk: 'p', note: 'x'.repeat(1_900_000) } as {
        id: string;
        pk: string;
      });
    const first = await store.query('shares', { limit: 1000 });
    expect(first.items.length).toBeLessThan(7);
    const rest = await store.query('shares', { limit: 1000, continuation: first.continuation ?? '' });
    expect(first.items.length + rest.items.length).toBe(7);
    await store.close();
  });

  it.each<[string, Query]>([
    ['one partition', { partition: 'p', limit: 5 }],
    ['a field', { where: [['systemId', '=', 's']], limit: 5 }],
    ['a field in one partition', { partition: 'p', where: [['systemId', '=', 's']], limit: 5 }],
    ['what is due', { where: [['sweepAt', '<=', 'now']], orderBy: ['sweepAt', 'asc'], limit: 5 }],
    ['a partition, newest first', { partition: 'p', orderBy: ['expiresAt', 'desc'], limit: 5 }],
  ])('walks an index without sorting to find %s, on every page', async (_, query) => {
    const store = openSqliteDocumentStore({ file });
    const raw = new DatabaseSync(file);
    for (const after of [undefined, { value: 'v', id: 'i', pk: 'k' }]) {
      const { sql, values } = sqlQuery('shares', query, after);
      const plan = raw.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values);
      expect(plan).toHaveLength(1);
      expect(plan[0]?.['detail']).toMatch(/^SEARCH shares USING INDEX/);
    }
    raw.close();
    await store.close();
  });
});
