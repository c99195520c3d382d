import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { collection, StoredDocumentInvalid } from '../../../shared/store/collection.ts';
import { DocumentChanged, type Document, type DocumentStore } from '../../../shared/store/document-store.ts';
import { openSqliteDocumentStore } from '../../../shared/store/sqlite-document-store.ts';

const schema = z.object({ id: z.string(), pk: z.string(), schemaVersion: z.literal(2), count: z.number() });
type Counter = z.infer<typeof schema>;

let folder: string;
let store: DocumentStore;
let other: DocumentStore;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drawbridge-'));
  store = openSqliteDocumentStore({ file: join(folder, 'documents.sqlite') });
  other = openSqliteDocumentStore({ file: join(folder, 'documents.sqlite') });
});
afterEach(async () => {
  await store.close();
  await other.close();
  await rm(folder, { recursive: true });
});

const counter = (id: string, count = 0): Counter => ({ id, pk: id, schemaVersion: 2, count });
const plusOne = (current: Counter) => ({ ...current, count: current.count + 1 });

it('reads with partition key as id, and with both', async () => {
  const counters = collection(store, 'systems', schema);
  await counters.create(counter('a', 3));
  expect((await counters.read('a'))?.document.count).toBe(3);
  expect((await counters.read('a', 'a'))?.document.count).toBe(3);
  expect(await counters.read('b')).toBeUndefined();
});

it('names the members of a stored document that are wrong, not their values', async () => {
  await store.create('systems', { id: 'a', pk: 'a', schemaVersion: 2, count: 'secret' } as Document);
  const counters = collection(store, 'systems', schema);
  await expect(counters.read('a')).rejects.toThrow(StoredDocumentInvalid);
  await expect(counters.query({ limit: 1 })).rejects.toThrow('In systems, not as the schema says: count.');
});

it('upgrades an older document as it is read, and stores the new form at the next update', async () => {
  await store.create('systems', { id: 'a', pk: 'a', schemaVersion: 1, total: 7 } as Document);
  const older = z.object({ id: z.string(), pk: z.string(), schemaVersion: z.literal(1), total: z.number() });
  const counters = collection(store, 'systems', schema, {
    upgrade: (stored) => {
      const result = older.safeParse(stored);
      return result.success ? counter(result.data.id, result.data.total) : stored;
    },
  });
  expect((await counters.read('a'))?.document).toEqual(counter('a', 7));
  await counters.update('a', 'a', plusOne);
  expect((await store.read('systems', 'a', 'a'))?.document).toEqual(counter('a', 8));
});

describe('an update', () => {
  it('gives the changed document, and undefined when there is none', async () => {
    const counters = collection(store, 'systems', schema);
    await counters.create(counter('a'));
    expect(await counters.update('a', 'a', plusOne)).toEqual(counter('a', 1));
    expect(await counters.update('b', 'b', plusOne)).toBeUndefined();
  });

  it('writes nothing when the change gives nothing, and gives the document as it is', async () => {
    const counters = collection(store, 'systems', schema);
    const etag = await counters.create(counter('a'));
    expect(await counters.update('a', 'a', () => undefined)).toEqual(counter('a'));
    expect((await counters.read('a'))?.etag).toBe(etag);
  });

  it('writes nothing when the change throws, and the next update is not held up', async () => {
    const counters = collection(store, 'systems', schema);
    await counters.create(counter('a'));
    const failing = counters.update('a', 'a', () => {
      throw new Error('no');
    });
    const next = counters.update('a', 'a', plusOne);
    await expect(failing).rejects.toThrow('no');
    expect(await next).toEqual(counter('a', 1));
  });

  it('loses none of many updates of one document, within a process and from another client', async () => {
    const ours = collection(store, 'systems', schema);
    const theirs = collection(other, 'systems', schema);
    await ours.create(counter('a'));
    await Promise.all(
      Array.from({ length: 60 }, (_, n) => (n % 2 === 0 ? ours : theirs).update('a', 'a', plusOne)),
    );
    expect((await ours.read('a'))?.document.count).toBe(60);
  });

  it('gives up when another writer is faster every time', async () => {
    const counters = collection(store, 'systems', schema);
    await counters.create(counter('a'));
    let attempts = 0;
    // `change` runs between read and write, so another client can come between here, synchronously.
    const theirs = openSqliteDocumentStore({ file: join(folder, 'documents.sqlite') });
    let etag = (await theirs.read('systems', 'a', 'a'))?.etag;
    const overtaken = counters.update(
      'a',
      'a',
      (current) => {
        attempts++;
        if (etag !== undefined) void theirs.replace('systems', current, etag).then((next) => (etag = next));
        return plusOne(current);
      },
      3,
    );
    await expect(overtaken).rejects.toThrow(DocumentChanged);
    expect(attempts).toBe(3);
    await theirs.close();
  });
});
