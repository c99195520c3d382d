import { join } from 'node:path';
import type { Random } from '../../shared/clock.ts';
import { newSecret } from '../../shared/identifier.ts';
import { readOrMake } from '../state/atomic-file.ts';

/** The key of the local API: whoever may read the state folder may use it. Made on first use. */
export async function consoleKey(stateDir: string, random: Random): Promise<string> {
  return (await readOrMake(join(stateDir, 'console.key'), () => newSecret(random))).trim();
}

/** Where the running gateway's local API listens, for the command line. */
export const consoleAddressFile = (stateDir: string) => join(stateDir, 'console.json');
