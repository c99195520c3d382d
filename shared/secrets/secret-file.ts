import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { instantSchema } from '../store/document-fields.ts';
import { SecretsUnavailable, type Secret, type SecretName } from './secret-store.ts';

export type SecretVersions = Partial<Record<SecretName, readonly Secret[]>>;

const fileSchema = z.object({
  schemaVersion: z.literal(1),
  secrets: z.record(
    z.string(),
    z
      .array(
        z.object({
          version: z.string().min(1),
          value: z
            .string()
            .regex(/^[A-Za-z0-9_-]{43}$/)
            .transform((text): Uint8Array => Buffer.from(text, 'base64url')),
          createdAt: instantSchema,
        }),
      )
      .min(1),
  ),
});

/**
 * What the file holds; nothing when there is no file.
 *
 * @throws SecretsUnavailable when it cannot be read or is damaged: making new secrets then would lock
 *   every gateway out
 */
export function readSecretFile(file: string): SecretVersions {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT') return {};
    throw new SecretsUnavailable('The file of secrets cannot be read.', { cause: error });
  }
  try {
    return fileSchema.parse(JSON.parse(text)).secrets;
  } catch {
    // Neither message nor cause: both would quote the file.
    throw new SecretsUnavailable(
      'The file of secrets is damaged. Put it back from a copy; do not delete it.',
    );
  }
}

/** Replaces the file whole, readable by its owner alone, and waits until it is on the disk. */
export function writeSecretFile(file: string, versions: SecretVersions): void {
  const secrets = Object.fromEntries(
    Object.entries(versions).map(([name, list]) => [
      name,
      list.map(({ value, ...rest }) => ({ ...rest, value: Buffer.from(value).toString('base64url') })),
    ]),
  );
  const temporary = `${file}.new`;
  try {
    rmSync(temporary, { force: true });
    const descriptor = openSync(temporary, 'wx', 0o600);
    try {
      writeSync(descriptor, JSON.stringify({ schemaVersion: 1, secrets }, null, 2));
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, file);
  } catch (error) {
    throw new SecretsUnavailable('The file of secrets cannot be written.', { cause: error });
  }
}

/**
 * Runs `act` in one process at a time. The lock is SQLite's, on a file of its own: the operating system
 * takes it back from a process that is killed, which a plain lock file does not offer.
 */
export function withSecretLock<T>(file: string, act: () => T): T {
  let lock: DatabaseSync;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    lock = new DatabaseSync(`${file}.lock`, { timeout: 10_000 });
  } catch (error) {
    throw new SecretsUnavailable('The folder of the secrets cannot be written.', { cause: error });
  }
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return act();
  } finally {
    lock.close();
  }
}
