import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GatewayError, systemCodeOf } from '../gateway-error.ts';
import { makePrivateFolder, removeFile, writeAtomically } from './atomic-file.ts';
import { credentialsSchema } from './credentials.ts';
import type { Credentials } from './credentials.ts';
import type { FolderLocks } from './folder-lock.ts';

/** Where a gateway keeps its credentials. */
export interface CredentialsStore {
  /** @returns undefined when this gateway was never connected */
  read(): Promise<Credentials | undefined>;
  /** Replaces the credentials as a whole; after a crash the old or the new ones are there. */
  write(credentials: Credentials): Promise<void>;
  remove(): Promise<void>;
  /** Runs `work` while no other process changes the credentials. Reads inside see the newest ones. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
}

export const credentialsFileName = 'credentials.json';

/** credentials.json, mode 0600 in a folder of mode 0700. */
export function credentialsFile(folder: string, locks: FolderLocks): CredentialsStore {
  const path = join(folder, credentialsFileName);
  return {
    async read() {
      let text: string;
      try {
        text = await readFile(path, 'utf8');
      } catch (error) {
        if (systemCodeOf(error) === 'ENOENT') return undefined;
        throw error;
      }
      return parseCredentials(text, path);
    },
    async write(credentials) {
      await makePrivateFolder(folder);
      await writeAtomically(path, `${JSON.stringify(credentials, null, 2)}\n`);
    },
    remove: () => removeFile(path),
    exclusively: (work) => locks.exclusively('credentials', work),
  };
}

function parseCredentials(text: string, path: string): Credentials {
  // Neither the text nor the parser's message is repeated: both may hold a token.
  const damaged = new GatewayError(
    'state-damaged',
    `${path} cannot be read as credentials. Move it away and run \`connect\` again; the system and its shares stay.`,
  );
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw damaged;
  }
  const parsed = credentialsSchema.safeParse(value);
  if (!parsed.success) throw damaged;
  return parsed.data;
}
