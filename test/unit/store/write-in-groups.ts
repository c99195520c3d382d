/** A process that writes in groups, without a pause, until it is killed. */
import { openSqliteDocumentStore } from '../../../shared/store/sqlite-document-store.ts';

const [, , file = ''] = process.argv;
const store = openSqliteDocumentStore({ file, durable: 'on-close' });
process.stdout.write('open\n');
for (let n = 0; ; n++) await store.create('shares', { id: `bulk-${n}`, pk: 'bulk' });
