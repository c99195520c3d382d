/** A process that writes without end and says each write on stdout once it was acknowledged. */
import { writeSync } from 'node:fs';
import { DocumentChanged, type Document } from '../../../shared/store/document-store.ts';
import { openSqliteDocumentStore } from '../../../shared/store/sqlite-document-store.ts';

const [, , file = '', name = ''] = process.argv;
const store = openSqliteDocumentStore({ file });
const keys = 7;
const acknowledge = (line: string) => writeSync(1, `${line}\n`);

acknowledge('open');
for (let n = 0; ; n++) {
  const id = `${name}-${n % keys}`;
  const found = await store.read('shares', name, id);
  const document = { id, pk: name, expiresAt: n, note: 'x'.repeat((n * 997) % 20_000) };
  if (found === undefined) await store.create('shares', document);
  else if (n % 5 === 0) await store.remove('shares', name, id, found.etag);
  else await store.replace('shares', document, found.etag);
  acknowledge(`${id} ${found !== undefined && n % 5 === 0 ? 'gone' : n}`);
  if (n % 3 === 0) await increment();
}

async function increment(): Promise<void> {
  const found = await store.read<Document & { expiresAt: number }>('shares', 'shared', 'shared');
  if (found === undefined) throw new Error('The shared document is gone.');
  try {
    const next = { ...found.document, expiresAt: found.document.expiresAt + 1 };
    await store.replace('shares', next, found.etag);
    acknowledge('shared +1');
  } catch (error) {
    if (!(error instanceof DocumentChanged)) throw error;
    await increment();
  }
}
