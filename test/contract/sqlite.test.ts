import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteDocumentStore } from '../../shared/store/sqlite-document-store.ts';
import { documentStoreContract } from './document-store.contract.ts';

documentStoreContract('SQLite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'drawbridge-'));
  const file = join(folder, 'documents.sqlite');
  const store = openSqliteDocumentStore({ file });
  const other = openSqliteDocumentStore({ file });
  return {
    store,
    other,
    dispose: async () => {
      await store.close();
      await other.close();
      await rm(folder, { recursive: true });
    },
  };
});
