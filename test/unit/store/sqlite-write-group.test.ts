import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout } from 'node:timers/promises';
import { eventually } from '../../../local/rehearsal/runtime.ts';
import type { DocumentStore } from '../../../shared/store/document-store.ts';
import { openSqliteDocumentStore } from '../../../shared/store/sqlite-document-store.ts';
import { writeGroup } from '../../../shared/store/sqlite-write-group.ts';

let folder: string;
let file: string;
let child: ChildProcess | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drawbridge-'));
  file = join(folder, 'documents.sqlite');
});
afterEach(async () => {
  child?.kill('SIGKILL');
  child = undefined;
  await rm(folder, { recursive: true });
});

const count = async (store: DocumentStore): Promise<number> => {
  let found = 0;
  for await (const page of store.scanTexts('shares')) found += page.length;
  return found;
};

it('shows what it wrote to others soon, and lets them write between its transactions', async () => {
  openSqliteDocumentStore({ file }).close();
  const writer = join(__dirname, 'write-in-groups.ts');
  const bulk = spawn(process.execPath, [writer, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  child = bulk;
  await once(bulk.stdout, 'data');
  const other = openSqliteDocumentStore({ file });
  // The lock is asked for by somebody else all the time; nobody is told that the store is busy.
  for (let n = 0; n < 40; n++) await other.create('systems', { id: `other-${n}`, pk: 'other' });
  // On a busy machine the other process may have had no turn yet.
  await eventually(async () => (await count(other)) > 100, 30);
  const gone = once(bulk, 'exit');
  bulk.kill('SIGKILL');
  await gone;
  // What was open then is wholly gone, and the file sound.
  const left = await count(other);
  await other.create('shares', { id: 'after', pk: 'after' });
  expect(await count(other)).toBe(left + 1);
  await other.close();
});

it('sees its own writes, and refuses a second document and an outdated ETag, within a transaction', async () => {
  const store = openSqliteDocumentStore({ file, durable: 'on-close' });
  const etag = await store.create('shares', { id: 'a', pk: 'a' });
  await expect(store.create('shares', { id: 'a', pk: 'a' })).rejects.toThrow('already');
  await store.replace('shares', { id: 'a', pk: 'a' }, etag);
  await expect(store.replace('shares', { id: 'a', pk: 'a' }, etag)).rejects.toThrow('changed');
  expect(await count(store)).toBe(1);
  await store.close();
  const again = openSqliteDocumentStore({ file });
  expect(await count(again)).toBe(1);
  await again.close();
});

it('goes on after a write that found no room: every other one is kept', async () => {
  const store = openSqliteDocumentStore({ file, durable: 'on-close', maximumBytes: 600_000 });
  const large = { pk: 'p', text: 'x'.repeat(4000) };
  let written = 0;
  const fill = async () => {
    for (; ; written++) await store.create('shares', { ...large, id: `d${written}` });
  };
  await expect(fill()).rejects.toMatchObject({ name: 'StoreUnavailable', reason: 'disk-full' });
  await store.create('shares', { id: 'small', pk: 'p' });
  await store.close();
  const again = openSqliteDocumentStore({ file });
  expect(await count(again)).toBe(written + 1);
  await again.close();
});

it('fails for good once a transaction did not come to its end: what was taken for written is not', async () => {
  const database = new DatabaseSync(file);
  database.exec(`CREATE TABLE parent (id INTEGER PRIMARY KEY);
    CREATE TABLE child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)`);
  const group = writeGroup(database);
  await group.wait();
  group.join();
  // Refused by the commit alone.
  database.exec('INSERT INTO child VALUES (1)');
  await setTimeout(60);
  await expect(group.wait().then(() => group.join())).rejects.toThrow('FOREIGN KEY');
  expect(() => group.end()).toThrow('FOREIGN KEY');
  expect(database.prepare('SELECT count(*) AS count FROM child').get()).toEqual({ count: 0 });
  database.close();
});
