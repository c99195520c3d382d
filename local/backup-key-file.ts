import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Secret, SecretStore } from '../shared/secrets/secret-store.ts';
import { instantSchema } from '../shared/store/document-fields.ts';

const keyFileSchema = z.strictObject({
  format: z.literal('drawbridge-backup-key'),
  versions: z
    .array(z.strictObject({ version: z.string(), value: z.base64(), createdAt: instantSchema }))
    .min(1),
});

/** The wrapping key with its former versions, for safe keeping apart from the backups. */
export const keyFileText = (versions: readonly Secret[]): string =>
  `${JSON.stringify(
    {
      format: 'drawbridge-backup-key',
      versions: versions.map(({ version, value, createdAt }) => ({
        version,
        value: Buffer.from(value).toString('base64'),
        createdAt,
      })),
    },
    null,
    2,
  )}\n`;

/** @throws Error unless it is what `keyFileText` wrote */
export async function readKeyFile(file: string): Promise<readonly Secret[]> {
  const text = await readFile(file, 'utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const { data } = keyFileSchema.safeParse(value);
  if (!data) throw new Error(`${file} is no exported backup key.`);
  return data.versions.map((each) => ({ ...each, value: new Uint8Array(Buffer.from(each.value, 'base64')) }));
}

/** Secrets in which the backup key is the exported one. */
export const exportedKeySecrets = (versions: readonly Secret[], others: SecretStore): SecretStore => ({
  current: async (name, look) => (name === 'backup' && versions[0]) || others.current(name, look),
  version: async (name, version) =>
    name === 'backup' ? versions.find((each) => each.version === version) : others.version(name, version),
  versions: async (name) => (name === 'backup' ? versions : others.versions(name)),
});
