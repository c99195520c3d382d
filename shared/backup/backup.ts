import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import type { BlobFolder } from '../blobs/blob-folder.ts';
import { instant, type Clock, type Random } from '../clock.ts';
import type { Log } from '../log.ts';
import type { SecretStore } from '../secrets/secret-store.ts';
import { containerNames, type ContainerName, type DocumentStore } from '../store/document-store.ts';
import { newBackupKey, type BackupKey } from './backup-key.ts';
import { measured, through } from './byte-stream.ts';
import { manifestName, type Manifest } from './manifest.ts';
import { writeNdjson } from './ndjson.ts';
import { seal } from './sealed-stream.ts';

export { listBackups, newestBackup, pruneBackups } from './backup-list.ts';

export interface BackupDependencies {
  readonly store: DocumentStore;
  readonly blobs: BlobFolder;
  readonly secrets: SecretStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Version of the program, for the manifest. */
  readonly version?: string;
  /** Told now and then how far it is, and at the end of each container that holds anything. */
  readonly progress?: (container: ContainerName, documents: number) => void;
}

/** How many documents between two words of progress. */
const told = 50_000;

/**
 * Streams every container to the blobs: NDJSON, compressed, sealed. Memory does not grow with the data.
 * The manifest is written after everything else, so half a backup is none.
 */
export async function makeBackup(dependencies: BackupDependencies): Promise<Manifest> {
  const { blobs, clock, random, version = '' } = dependencies;
  const startedAt = instant(clock.now());
  const suffix = Buffer.from(random.bytes(4)).toString('hex');
  // Ids sort by time and hold only what every file system takes.
  const id = `${startedAt.replace(/[-:.]/g, '')}-${suffix}`;
  const key = await newBackupKey(id, dependencies);
  const files: Manifest['files'] = [];
  for (const container of containerNames) files.push(await writeContainer(id, container, key, dependencies));
  const manifest = {
    format: 'drawbridge-backup' as const,
    formatVersion: 1 as const,
    id,
    program: version,
    startedAt,
    finishedAt: instant(clock.now()),
    key: key.wrapped,
    files,
  };
  const whole = { ...manifest, mac: key.mac(manifest) };
  await blobs.write(manifestName(id), Readable.from([Buffer.from(JSON.stringify(whole, null, 2))]));
  return whole;
}

async function writeContainer(
  id: string,
  container: ContainerName,
  key: BackupKey,
  { store, blobs, log, progress }: BackupDependencies,
): Promise<Manifest['files'][number]> {
  const name = `${id}/${container}.ndjson.gz.sealed`;
  let documents = 0;
  const plain = writeNdjson(store.scanTexts(container), (more) => {
    const before = documents;
    documents += more;
    if (Math.floor(before / told) < Math.floor(documents / told)) progress?.(container, documents);
  });
  const measure = measured(seal(key.fileKey(name), through(plain, createGzip())));
  await blobs.write(name, measure.chunks);
  if (documents > 0) progress?.(container, documents);
  const file = { container, name, documents, ...measure.result() };
  log.info('container backed up', { id, container, documents, bytes: file.bytes });
  return file;
}
