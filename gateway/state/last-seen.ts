import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeAtomically } from './atomic-file.ts';

const schema = z.object({ tunnelAt: z.iso.datetime() });
const fileOf = (stateDir: string) => join(stateDir, 'last-seen.json');

/** When this gateway held a tunnel last, RFC 3339; undefined when that is not known. */
export async function readLastSeen(stateDir: string): Promise<string | undefined> {
  try {
    return schema.parse(JSON.parse(await readFile(fileOf(stateDir), 'utf8'))).tunnelAt;
  } catch {
    return undefined;
  }
}

export const writeLastSeen = (stateDir: string, tunnelAt: string): Promise<void> =>
  writeAtomically(fileOf(stateDir), JSON.stringify({ tunnelAt }));
