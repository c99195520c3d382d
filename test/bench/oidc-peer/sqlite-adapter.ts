import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import type { Adapter, AdapterPayload } from 'oidc-provider';
import { z } from 'zod';

const payloadSchema = z.object({
  payload: z.string().transform((text) => JSON.parse(text) as AdapterPayload),
});

/** As durable as our own store: a commit waits for the disk. */
export function openPeerDatabase(file: string): DatabaseSync {
  const database = new DatabaseSync(file);
  database.exec(
    `PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
     CREATE TABLE items (
       model TEXT, id TEXT, payload TEXT NOT NULL, grantId TEXT, uid TEXT, userCode TEXT, PRIMARY KEY (model, id)
     ) WITHOUT ROWID;
     CREATE INDEX grants ON items (grantId) WHERE grantId IS NOT NULL`,
  );
  return database;
}

/** What `oidc-provider` asks of a store, on SQLite: statements prepared once, one commit a call. */
export function sqliteAdapter(database: DatabaseSync): (model: string) => Adapter {
  const where = (condition: string) =>
    database.prepare(`SELECT payload FROM items WHERE model = ? AND ${condition} = ?`);
  const [byId, byUid, byUserCode] = [where('id'), where('uid'), where('userCode')];
  const put = database.prepare(
    'INSERT OR REPLACE INTO items (model, id, payload, grantId, uid, userCode) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const consume = database.prepare(
    "UPDATE items SET payload = json_set(payload, '$.consumed', unixepoch()) WHERE model = ? AND id = ?",
  );
  const remove = database.prepare('DELETE FROM items WHERE model = ? AND id = ?');
  const removeGrant = database.prepare('DELETE FROM items WHERE grantId = ?');
  const found = (statement: typeof byId, ...values: SQLInputValue[]): AdapterPayload | undefined => {
    const row = statement.get(...values);
    return row === undefined ? undefined : payloadSchema.parse(row).payload;
  };
  return (model) => ({
    find: async (id) => found(byId, model, id),
    findByUid: async (uid) => found(byUid, model, uid),
    findByUserCode: async (userCode) => found(byUserCode, model, userCode),
    async upsert(id, payload) {
      const { grantId = null, uid = null, userCode = null } = payload;
      put.run(model, id, JSON.stringify(payload), grantId, uid, userCode);
    },
    async consume(id) {
      consume.run(model, id);
    },
    async destroy(id) {
      remove.run(model, id);
    },
    async revokeByGrantId(grantId) {
      removeGrant.run(grantId);
    },
  });
}
