import { createGunzip } from 'node:zlib';
import { BlobMissing, type BlobFolder } from '../blobs/blob-folder.ts';
import type { SecretStore } from '../secrets/secret-store.ts';
import type { ContainerName, Document } from '../store/document-store.ts';
import { openBackupKey, type BackupKey } from './backup-key.ts';
import { readManifest } from './backup-list.ts';
import { BackupUnusable } from './backup-unusable.ts';
import { measured, through } from './byte-stream.ts';
import type { Manifest } from './manifest.ts';
import { readNdjson } from './ndjson.ts';
import { SealBroken, unseal } from './sealed-stream.ts';

export interface BackupSource {
  readonly blobs: BlobFolder;
  readonly secrets: SecretStore;
}

export interface OpenBackup {
  readonly manifest: Manifest;
  /**
   * Streams the documents of one container. Each was authenticated; only the end tells that all were there.
   *
   * @throws BackupUnusable when the file is missing, changed, cut short, or not what the manifest says
   */
  documents(container: ContainerName): AsyncIterable<Document>;
}

/** @throws BackupUnusable unless its manifest is genuine and the backup secret opens it */
export async function openBackup(id: string, { blobs, secrets }: BackupSource): Promise<OpenBackup> {
  const manifest = await readManifest(blobs, id);
  const key = await openBackupKey(manifest, secrets);
  return { manifest, documents: (container) => readContainer(blobs, manifest, key, container) };
}

/**
 * Reads everything a backup holds.
 *
 * @returns its manifest, when every file is what was written
 * @throws BackupUnusable
 */
export async function verifyBackup(id: string, source: BackupSource): Promise<Manifest> {
  const backup = await openBackup(id, source);
  for (const { container } of backup.manifest.files) {
    const documents = backup.documents(container)[Symbol.asyncIterator]();
    while ((await documents.next()).done !== true);
  }
  return backup.manifest;
}

async function* readContainer(
  blobs: BlobFolder,
  manifest: Manifest,
  key: BackupKey,
  container: ContainerName,
): AsyncGenerator<Document> {
  const file = manifest.files.find((each) => each.container === container);
  // A container that is newer than the backup had nothing in it then.
  if (file === undefined) return;
  const measure = measured(blobs.read(file.name));
  let documents = 0;
  try {
    const plain = through(unseal(key.fileKey(file.name), measure.chunks), createGunzip());
    for await (const document of readNdjson(plain)) {
      documents++;
      yield document;
    }
  } catch (error) {
    throw asUnusable(file.name, error);
  }
  const { bytes, sha256 } = measure.result();
  if (documents !== file.documents || bytes !== file.bytes || sha256 !== file.sha256)
    throw new BackupUnusable('damaged', `${file.name} is not what the manifest says.`);
}

function asUnusable(name: string, error: unknown): unknown {
  if (error instanceof BlobMissing) return new BackupUnusable('missing', `${name} is missing.`);
  if (error instanceof SealBroken) return new BackupUnusable('damaged', `${name} is damaged or cut short.`);
  return error;
}
