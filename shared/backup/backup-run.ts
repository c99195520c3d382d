import { setTimeout } from 'node:timers/promises';
import type { AuditLog } from '../audit/audit-log.ts';
import { minute, second } from '../clock.ts';
import type { JournalWriter } from './journal.ts';
import { makeBackup, pruneBackups, type BackupDependencies } from './backup.ts';
import type { Manifest } from './manifest.ts';

export interface BackupRunDependencies extends BackupDependencies {
  readonly audit: AuditLog;
  readonly journal?: Pick<JournalWriter, 'compact'>;
  /** Milliseconds to wait before each further attempt; ten seconds, then a minute, by default. */
  readonly pauses?: readonly number[];
}

const actor = { kind: 'service', id: 'backup' } as const;

/**
 * One run of the backup timer: makes a backup, with a few attempts, notes it, removes old ones.
 *
 * @throws what made the last attempt fail, after noting it, so that the timer counts as failed
 */
export async function runBackup(dependencies: BackupRunDependencies): Promise<Manifest> {
  const { audit, blobs, clock, log, journal } = dependencies;
  const manifest = await makeWithRetries(dependencies);
  const documents = manifest.files.reduce((sum, file) => sum + file.documents, 0);
  const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
  const seconds = (Date.parse(manifest.finishedAt) - Date.parse(manifest.startedAt)) / second;
  log.info('backup made', { id: manifest.id, documents, bytes, seconds });
  // A failure to tidy up does not unmake the backup.
  await journal?.compact(Date.parse(manifest.startedAt)).catch((error: unknown) => {
    log.error('journal not compacted', { error: String(error) });
  });
  const removed = await pruneBackups(blobs, clock, log).catch((error: unknown) => {
    log.error('old backups not removed', { error: String(error) });
    return [];
  });
  await audit.append({
    organizationId: 'service',
    actor,
    action: 'backup.made',
    subject: { kind: 'backup', id: manifest.id },
    details: { documents, bytes, seconds, removed: removed.length },
  });
  return manifest;
}

async function makeWithRetries(dependencies: BackupRunDependencies): Promise<Manifest> {
  const { audit, log, pauses = [10 * second, minute] } = dependencies;
  for (let attempt = 0; ; attempt++) {
    try {
      return await makeBackup(dependencies);
    } catch (error) {
      const pause = pauses[attempt];
      if (pause !== undefined) {
        log.warn('backup failed, trying again', { attempt: attempt + 1, error: String(error) });
        await setTimeout(pause);
        continue;
      }
      log.error('backup failed', { attempts: attempt + 1, error: String(error) });
      await audit
        .append({
          organizationId: 'service',
          actor,
          action: 'backup.failed',
          details: { attempts: attempt + 1 },
        })
        .catch((lost: unknown) => log.error('failed backup not in the audit', { error: String(lost) }));
      throw error;
    }
  }
}
