import { z } from 'zod';
import { instantSchema } from '../store/document-fields.ts';
import { containerNames } from '../store/document-store.ts';
import { BackupUnusable } from './backup-unusable.ts';

/** Raised when a program of an older version could not restore what a backup holds. */
export const backupFormatVersion = 1;

const wholeNumber = z.number().int().min(0);

/** What a whole backup holds. Written last: a backup without it is not one. */
export const manifestSchema = z.strictObject({
  format: z.literal('drawbridge-backup'),
  formatVersion: z.literal(backupFormatVersion),
  id: z.string(),
  /** Version of the program that made it; empty when it was not told. */
  program: z.string(),
  startedAt: instantSchema,
  finishedAt: instantSchema,
  key: z.strictObject({
    /** Version of the secret `backup` that wraps the key of the files. */
    secretVersion: z.string(),
    wrapped: z.base64url(),
  }),
  files: z.array(
    z.strictObject({
      container: z.enum(containerNames),
      name: z.string(),
      documents: wholeNumber,
      /** Of the sealed file, as is the hash: SHA-256 in hex. */
      bytes: wholeNumber,
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
    }),
  ),
  /** HMAC-SHA-256, in hex, over the canonical JSON of all other members. */
  mac: z.string().regex(/^[0-9a-f]{64}$/),
});

export type Manifest = z.infer<typeof manifestSchema>;

export const manifestName = (id: string): string => `${id}/manifest.json`;

/** @throws BackupUnusable when the text is no manifest, or one of a newer version */
export function readManifestText(id: string, text: string): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new BackupUnusable('damaged', `The manifest of ${id} is damaged.`);
  }
  const kind = z
    .object({ format: z.literal('drawbridge-backup'), formatVersion: z.number() })
    .safeParse(value);
  if (!kind.success) throw new BackupUnusable('foreign', `${id} is not a backup of this service.`);
  if (kind.data.formatVersion > backupFormatVersion)
    throw new BackupUnusable('newer', `${id} was made by a newer version of this service.`);
  const result = manifestSchema.safeParse(value);
  const unknownContainer = (path: readonly PropertyKey[]) => path[0] === 'files' && path[2] === 'container';
  if (result.error?.issues.every(({ path }) => unknownContainer(path)))
    throw new BackupUnusable('newer', `${id} holds what only a newer version of this service knows.`);
  if (!result.success || result.data.id !== id)
    throw new BackupUnusable('damaged', `The manifest of ${id} is damaged.`);
  return result.data;
}
