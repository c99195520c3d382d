import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const cache = join(__dirname, '../../node_modules/.cache/drawbridge-interop');

/** Installs what a folder's package-lock.json pins, once per content of that file. @returns where */
export async function installPinned(name: string): Promise<string> {
  const from = join(__dirname, name);
  const lock = await readFile(join(from, 'package-lock.json'));
  const folder = join(cache, `${name}-${createHash('sha256').update(lock).digest('hex').slice(0, 16)}`);
  const complete = join(folder, 'complete');
  if (!existsSync(complete)) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    for (const file of ['package.json', 'package-lock.json'])
      await copyFile(join(from, file), join(folder, file));
    await promisify(execFile)('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder });
    await writeFile(`${complete}.new`, '');
    await rename(`${complete}.new`, complete);
  }
  return folder;
}
