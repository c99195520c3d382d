import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import { BlobMissing, type BlobFolder } from '../blobs/blob-folder.ts';
import type { Instant, Random } from '../clock.ts';
import type { SecretStore } from '../secrets/secret-store.ts';
import { containerNames } from '../store/document-store.ts';
import { instantSchema } from '../store/document-fields.ts';
import { newBackupKey, unwrapBackupKey } from './backup-key.ts';
import { seal, unseal } from './sealed-stream.ts';

/** The newest state of one document; without one it was deleted. */
export const journalNoteSchema = z.object({
  container: z.enum(containerNames),
  pk: z.string(),
  id: z.string(),
  at: instantSchema,
  document: z.looseObject({ id: z.string(), pk: z.string() }).optional(),
});

export type JournalNote = z.infer<typeof journalNoteSchema>;

const blobSchema = z.object({
  format: z.literal('drawbridge-journal'),
  key: z.object({ secretVersion: z.string(), wrapped: z.base64url() }),
  sealed: z.base64(),
});

/** Folder of the journal, beside those of the backups. */
export const journalFolder = 'journal';

/** Ends the name of a blob that many were put together into. */
export const merged = '.merged';

export interface JournalPlace {
  readonly blobs: BlobFolder;
  readonly secrets: SecretStore;
}

const whole = async (chunks: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
};

async function* one(bytes: Uint8Array) {
  yield bytes;
}

/**
 * Blobs are named by the moment they were written, so that the journal can be read from a moment on.
 * @param count how many this process wrote before: it orders those of one millisecond
 */
export function journalBlobName(at: Instant, count: number, random: Random): string {
  const order = (count % 0x1000000).toString(16).padStart(6, '0');
  const suffix = order + Buffer.from(random.bytes(3)).toString('hex');
  return `${journalFolder}/${at.replace(/[-:.]/g, '')}-${suffix}`;
}

/** When a blob was written, in milliseconds; undefined for a name that is none of ours. */
export function journalBlobTime(name: string): number | undefined {
  const match = /^journal\/(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z-[0-9a-f]{12}(?:\.merged)?$/.exec(
    name,
  );
  if (match === null) return undefined;
  const [, year, month, date, hours, minutes, seconds, milliseconds] = match;
  return Date.parse(`${year}-${month}-${date}T${hours}:${minutes}:${seconds}.${milliseconds}Z`);
}

/** Writes notes, sealed under a key of their own that the backup secret wraps. */
export async function writeJournalBlob(
  name: string,
  notes: readonly JournalNote[],
  { blobs, secrets, random }: JournalPlace & { readonly random: Random },
): Promise<void> {
  const key = await newBackupKey(name, { secrets, random });
  const plain = gzipSync(JSON.stringify(notes));
  const sealed = await whole(seal(key.fileKey(name), one(plain)));
  const blob: z.infer<typeof blobSchema> = {
    format: 'drawbridge-journal',
    key: key.wrapped,
    sealed: sealed.toString('base64'),
  };
  await blobs.write(name, one(Buffer.from(JSON.stringify(blob))));
}

/** @returns undefined when it is damaged, or sealed with a secret that is not here; no notes when it is gone */
export async function readJournalBlob(
  name: string,
  { blobs, secrets }: JournalPlace,
): Promise<readonly JournalNote[] | undefined> {
  try {
    const { key: wrapped, sealed } = blobSchema.parse(JSON.parse((await whole(blobs.read(name))).toString()));
    const key = await unwrapBackupKey(name, wrapped, secrets);
    const plain = await whole(unseal(key.fileKey(name), one(Buffer.from(sealed, 'base64'))));
    return z.array(journalNoteSchema).parse(JSON.parse(gunzipSync(plain).toString()));
  } catch (error) {
    return error instanceof BlobMissing ? [] : undefined;
  }
}

/** Names of the journal's blobs that were written from `from` on and before `to`, oldest first. */
export async function journalBlobs(blobs: BlobFolder, from = -Infinity, to = Infinity): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of blobs.list(`${journalFolder}/`)) {
    const at = journalBlobTime(name);
    if (at !== undefined && at >= from && at < to) names.push(name);
  }
  return names.sort();
}
