import { BlobMissing, type BlobFolder } from '../blobs/blob-folder.ts';
import { day, type Clock, type Instant } from '../clock.ts';
import type { Log } from '../log.ts';
import { BackupUnusable } from './backup-unusable.ts';
import { manifestName, readManifestText, type Manifest } from './manifest.ts';

/** Three months. */
export const backupsKept = 90 * day;
const leftoversKept = day;

export interface BackupSummary {
  readonly id: string;
  readonly startedAt: Instant;
  readonly finishedAt: Instant;
  readonly documents: number;
  readonly bytes: number;
}

/**
 * Reads a manifest as it stands; only `openBackupKey` tells whether it is genuine.
 *
 * @throws BackupUnusable unless it is there and of this format
 */
export async function readManifest(blobs: BlobFolder, id: string): Promise<Manifest> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of blobs.read(manifestName(id))) chunks.push(chunk);
  } catch (error) {
    if (error instanceof BlobMissing) throw new BackupUnusable('missing', `There is no whole backup ${id}.`);
    throw error;
  }
  return readManifestText(id, Buffer.concat(chunks).toString());
}

/** The whole backups, newest first: those whose manifest is there, and every file at its full length. */
export async function listBackups(blobs: BlobFolder): Promise<readonly BackupSummary[]> {
  const found: BackupSummary[] = [];
  for await (const backup of wholeBackups(blobs)) found.push(backup);
  return found;
}

/** The newest whole backup, looking at no more of them than it must. */
export async function newestBackup(blobs: BlobFolder): Promise<BackupSummary | undefined> {
  for await (const backup of wholeBackups(blobs)) return backup;
  return undefined;
}

/**
 * Removes backups begun more than 90 days ago, though never the newest whole one, and what was left
 * unfinished more than a day ago. A manifest that this version cannot read is left alone.
 *
 * @returns ids removed
 */
export async function pruneBackups(blobs: BlobFolder, clock: Clock, log: Log): Promise<readonly string[]> {
  const newest = await newestBackup(blobs);
  const removed: string[] = [];
  for (const id of await blobs.folders()) {
    const startedAt = startOf(id);
    if (startedAt === undefined || id === newest?.id) continue;
    const age = clock.now() - startedAt;
    if (age <= leftoversKept) continue;
    try {
      await readManifest(blobs, id);
      if (age <= backupsKept) continue;
    } catch (error) {
      if (!(error instanceof BackupUnusable)) throw error;
      if (error.fault !== 'missing') {
        log.warn('backup not understood, left alone', { id, fault: error.fault });
        continue;
      }
    }
    // The manifest first: what is half removed is no backup.
    await blobs.remove(manifestName(id));
    await blobs.removeFolder(id);
    removed.push(id);
  }
  return removed;
}

async function* wholeBackups(blobs: BlobFolder): AsyncGenerator<BackupSummary> {
  const ids = (await blobs.folders()).filter((id) => startOf(id) !== undefined);
  for (const id of ids.toSorted().reverse()) {
    try {
      const manifest = await readManifest(blobs, id);
      if (await isComplete(blobs, manifest)) yield summary(manifest);
    } catch (error) {
      if (!(error instanceof BackupUnusable)) throw error;
    }
  }
}

async function isComplete(blobs: BlobFolder, { id, files }: Manifest): Promise<boolean> {
  const lengths = new Map<string, number>();
  for await (const { name, bytes } of blobs.list(`${id}/`)) lengths.set(name, bytes);
  return files.every(({ name, bytes }) => lengths.get(name) === bytes);
}

const summary = ({ id, startedAt, finishedAt, files }: Manifest): BackupSummary => ({
  id,
  startedAt,
  finishedAt,
  documents: files.reduce((sum, { documents }) => sum + documents, 0),
  bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
});

/** When a backup began, from its id, in milliseconds; undefined for a folder that is none of ours. */
function startOf(id: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z-[0-9a-f]{8}$/.exec(id);
  if (match === null) return undefined;
  const [, year, month, date, hours, minutes, seconds, milliseconds] = match;
  const started = Date.parse(`${year}-${month}-${date}T${hours}:${minutes}:${seconds}.${milliseconds}Z`);
  return Number.isNaN(started) ? undefined : started;
}
