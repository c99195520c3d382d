import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';

const manifestSchema = z.object({ main: z.string() });

/**
 * The compiled functions: what `main` in package.json names for the real host.
 * @param packaged a folder that `npm run package` made, whose functions are run instead
 */
export async function functionEntryPoints(packaged?: string): Promise<string[]> {
  if (packaged !== undefined) {
    const { main } = manifestSchema.parse(JSON.parse(await readFile(join(packaged, 'package.json'), 'utf8')));
    return [resolve(packaged, main)];
  }
  const folder = join(import.meta.dirname, '..', 'functions');
  const files = await readdir(folder);
  return files
    .filter((file) => file.endsWith('.js'))
    .sort()
    .map((file) => join(folder, file));
}
