import { DatabaseSync } from 'node:sqlite';
import { instant } from '../../../shared/clock.ts';
import { openSqliteDocumentStore } from '../../../shared/store/sqlite-document-store.ts';
import { shareSchema } from '../../../shared/shares/share.ts';

const createdAt = instant(Date.UTC(2026, 0, 1));

/** A share with three recipients, of a thousand bytes, as they are stored. */
function share(number: number) {
  const id = `s${number.toString(36).padStart(10, '0')}`;
  return shareSchema.parse({
    id,
    pk: id,
    schemaVersion: 1,
    systemId: `system-${number % 997}`,
    organizationId: `organization-${number % 97}`,
    status: 'active',
    dashboard: {
      id: `d${number}`,
      title: `Pump hall ${number}`,
      entryPath: `/dashboards/${number}`,
      items: [`element-${number}`, `element-${number * 7}`],
    },
    recipients: ['ann', 'bob', 'cy'].map((name) => ({
      email: `${name}.${number}@partner.example`,
      accountId: `acc-${name}-${number}`,
      addedAt: createdAt,
      invitation: { state: 'sent', operationId: `${name}-${number * 31}`, attempts: 1 },
    })),
    sharedBy: `operator-${number % 31}`,
    createdAt,
    allowlistId: `allowlist-${number * 17}`,
  });
}

/** Fills a store with shares, in one transaction and without the store's own checks. */
export async function seedShares(file: string, documents: number): Promise<void> {
  await openSqliteDocumentStore({ file }).close();
  const database = new DatabaseSync(file);
  const insert = database.prepare('INSERT INTO shares (pk, id, etag, json) VALUES (?, ?, ?, ?)');
  database.exec('BEGIN');
  for (let number = 0; number < documents; number++) {
    const document = share(number);
    insert.run(document.pk, document.id, number.toString(16), JSON.stringify(document));
  }
  database.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
}
