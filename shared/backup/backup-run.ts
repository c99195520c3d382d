import type { AuditLog } from '../audit/audit-log.ts';
import type { BlobFolder } from '../blobs/blob-folder.ts';
import type { Clock, Random } from '../clock.ts';
import type { Log } from '../log.ts';
import type { DocumentStore } from '../store/document-store.ts';
import { makeBackup, pruneBackups } from './backup.ts';
import type { Manifest } from './manifest.ts';

/** One run of the backup timer: make, prune, note. @throws whatever made it fail, after noting it */
export async function runBackup({
  store,
  blobs,
  clock,
  random,
  audit,
  log,
}: {
  store: DocumentStore;
  blobs: BlobFolder;
  clock: Clock;
  random: Random;
  audit: AuditLog;
  log: Log;
}): Promise<Manifest> {
  const actor = { kind: 'service', id: 'backup' } as const;
  try {
    const manifest = await makeBackup({ store, blobs, clock, random });
    const removed = await pruneBackups(blobs, clock);
    const documents = manifest.files.reduce((sum, file) => sum + file.documents, 0);
    log.info('backup made', { id: manifest.id, documents, removed: removed.length });
    await audit.append({
      organizationId: 'service',
      actor,
      action: 'backup.made',
      subject: { kind: 'backup', id: manifest.id },
      details: { documents, removed: removed.length },
    });
    return manifest;
  } catch (error) {
    log.error('backup failed', { error: String(error) });
    await audit.append({ organizationId: 'service', actor, action: 'backup.failed' });
    throw error;
  }
}
