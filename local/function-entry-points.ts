import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** The compiled functions: what `main` in package.json names for the real host. */
export async function functionEntryPoints(): Promise<string[]> {
  const folder = join(import.meta.dirname, '..', 'functions');
  const files = await readdir(folder);
  return files
    .filter((file) => file.endsWith('.js'))
    .sort()
    .map((file) => join(folder, file));
}
