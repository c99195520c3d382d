import { createHash } from 'node:crypto';
import { Readable, Transform } from 'node:stream';
import { text } from 'node:stream/consumers';
import { createGunzip, createGzip } from 'node:zlib';
import { createInterface } from 'node:readline';
import { BlobMissing, type BlobFolder } from '../blobs/blob-folder.ts';
import { day, instant, type Clock, type Instant, type Random } from '../clock.ts';
import {
  containerNames,
  type ContainerName,
  type Document,
  type DocumentStore,
} from '../store/document-store.ts';
import { manifestName, manifestSchema, type Manifest } from './manifest.ts';

/** Three months. */
export const backupsKept = 90 * day;

/** Throws when what it reads is not what the manifest promises. */
export class BackupDamaged extends Error {
  override name = 'BackupDamaged';
}

async function* lines(documents: AsyncIterable<Document>, count: () => void): AsyncIterable<string> {
  for await (const document of documents) {
    count();
    yield `${JSON.stringify(document)}\n`;
  }
}

/** Passes bytes on and keeps their number and hash. */
function measured() {
  const hash = createHash('sha256');
  let bytes = 0;
  const through = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  return { through, result: () => ({ bytes, sha256: hash.digest('hex') }) };
}

/**
 * Streams every container as compressed NDJSON; memory does not grow with the data.
 * @returns the manifest, which is written only after everything else was
 */
export async function makeBackup({
  store,
  blobs,
  clock,
  random,
}: {
  store: DocumentStore;
  blobs: BlobFolder;
  clock: Clock;
  random: Random;
}): Promise<Manifest> {
  const startedAt = instant(clock.now());
  const suffix = Buffer.from(random.bytes(4)).toString('hex');
  const id = `${startedAt.replace(/[-:]|\.\d+/g, '')}-${suffix}`;
  const files: Manifest['files'] = [];
  for (const container of containerNames) {
    const name = `${id}/${container}.ndjson.gz`;
    let documents = 0;
    const { through, result } = measured();
    const source = Readable.from(lines(store.scan(container), () => documents++));
    const compressed = source.pipe(createGzip());
    // A fault in the middle must fail the write, not end it early.
    source.once('error', (error) => compressed.destroy(error));
    compressed.once('error', (error) => through.destroy(error));
    await blobs.write(name, compressed.pipe(through));
    files.push({ container, name, documents, ...result() });
  }
  const manifest: Manifest = {
    format: 'drawbridge-backup',
    formatVersion: 1,
    id,
    startedAt,
    finishedAt: instant(clock.now()),
    files,
  };
  await blobs.write(manifestName(id), Readable.from([JSON.stringify(manifest, null, 2)]));
  return manifest;
}

/** Reads a manifest. @throws BackupDamaged unless it is a whole one of this format */
export async function readManifest(blobs: BlobFolder, id: string): Promise<Manifest> {
  try {
    return manifestSchema.parse(JSON.parse(await text(await blobs.read(manifestName(id)))));
  } catch (error) {
    if (error instanceof BlobMissing) throw new BackupDamaged(`There is no whole backup ${id}.`);
    throw new BackupDamaged(`The manifest of ${id} cannot be read, or is of another version.`);
  }
}

/** The whole backups, newest first. */
export async function listBackups(blobs: BlobFolder): Promise<{ id: string; finishedAt: Instant }[]> {
  const names = await blobs.list('');
  const ids = names.filter((name) => name.endsWith('/manifest.json')).map((name) => name.split('/')[0] ?? '');
  const manifests = await Promise.all(ids.map((id) => readManifest(blobs, id).catch(() => undefined)));
  return manifests
    .flatMap((manifest) => (manifest ? [{ id: manifest.id, finishedAt: manifest.finishedAt }] : []))
    .sort((a, b) => (a.finishedAt < b.finishedAt ? 1 : -1));
}

/**
 * Reads one container of a backup, document by document.
 * @throws BackupDamaged at the end, when count or hash are not those of the manifest
 */
export async function* readBackup(
  blobs: BlobFolder,
  manifest: Manifest,
  container: ContainerName,
): AsyncIterable<Document> {
  const file = manifest.files.find((each) => each.container === container);
  if (!file) throw new BackupDamaged(`The backup has no container ${container}.`);
  const { through, result } = measured();
  const source = await blobs.read(file.name);
  const plain = createGunzip();
  source.once('error', (error) => plain.destroy(error));
  source.pipe(through).pipe(plain);
  let documents = 0;
  try {
    for await (const line of createInterface({ input: plain, crlfDelay: Infinity })) {
      documents++;
      yield JSON.parse(line) as Document;
    }
  } catch {
    throw new BackupDamaged(`${file.name} is damaged.`);
  }
  const { bytes, sha256 } = result();
  if (documents !== file.documents || bytes !== file.bytes || sha256 !== file.sha256) {
    throw new BackupDamaged(`${file.name} is not what the manifest says.`);
  }
}

/** Reads everything that a manifest names. @throws BackupDamaged */
export async function verifyBackup(blobs: BlobFolder, id: string): Promise<Manifest> {
  const manifest = await readManifest(blobs, id);
  for (const { container } of manifest.files) {
    const documents = readBackup(blobs, manifest, container)[Symbol.asyncIterator]();
    while (!(await documents.next()).done);
  }
  return manifest;
}

/**
 * Removes backups older than 90 days, but never the newest whole one, and what was left unfinished a day ago.
 * @returns ids removed
 */
export async function pruneBackups(blobs: BlobFolder, clock: Clock): Promise<string[]> {
  const names = await blobs.list('');
  const whole = await listBackups(blobs);
  const tooOld = instant(clock.now() - backupsKept);
  const stale = instant(clock.now() - day).replace(/[-:]|\.\d+/g, '');
  const removed: string[] = [];
  for (const id of new Set(names.map((name) => name.split('/')[0] ?? ''))) {
    const backup = whole.find((each) => each.id === id);
    const gone = backup ? backup !== whole[0] && backup.finishedAt < tooOld : id.slice(0, 16) < stale;
    if (!gone) continue;
    // The manifest first: what is half removed is no backup.
    await blobs.remove(manifestName(id));
    for (const name of names) if (name.startsWith(`${id}/`)) await blobs.remove(name);
    removed.push(id);
  }
  return removed;
}
