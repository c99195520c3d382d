import { join } from 'node:path';
import { restore } from '../../../shared/backup/restore.ts';
import { newestBackup, makeBackup } from '../../../shared/backup/backup.ts';
import { folderBlobs } from '../../../shared/blobs/folder-blobs.ts';
import { silentLog as log } from '../../../shared/log.ts';
import { openFileSecretStore } from '../../../shared/secrets/file-secret-store.ts';
import { openSqliteDocumentStore } from '../../../shared/store/sqlite-document-store.ts';
import { systemClock as clock, systemRandom as random } from '../../../shared/system-clock.ts';

/** Backs up or restores in a process of its own, so that the memory it took is its alone. */
async function work(job: string, folder: string): Promise<number> {
  const blobs = folderBlobs({ folder: join(folder, 'backups') });
  const secrets = openFileSecretStore({ file: join(folder, 'secrets.json'), clock, random });
  const file = join(folder, job === 'backup' ? 'documents.sqlite' : 'restored.sqlite');
  const store = openSqliteDocumentStore({ file, durable: 'on-close' });
  try {
    if (job === 'backup') {
      const { files } = await makeBackup({ store, blobs, secrets, clock, random, log });
      return files.reduce((sum, { documents }) => sum + documents, 0);
    }
    const newest = await newestBackup(blobs);
    const { containers } = await restore({
      from: newest?.id ?? '',
      source: { blobs, secrets },
      into: store,
      clock,
    });
    return Object.values(containers).reduce((sum, { missing }) => sum + missing, 0);
  } finally {
    await store.close();
  }
}

const [job = '', folder = ''] = process.argv.slice(2);
const started = performance.now();
const documents = await work(job, folder);
const seconds = (performance.now() - started) / 1000;
process.send?.({ documents, seconds, megabytes: process.resourceUsage().maxRSS / 1024 });
