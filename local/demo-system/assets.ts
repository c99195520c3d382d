import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** A file for the browser, under an address that changes with its content. */
export interface Asset {
  readonly path: string;
  readonly type: string;
  readonly content: Uint8Array;
}

export interface Assets {
  readonly script: Asset;
  readonly style: Asset;
  readonly icon: Asset;
}

/** Read from the source tree, also when the program runs compiled: the compiler copies no such files. */
export async function loadAssets(): Promise<Assets> {
  const folder = join(packageRoot(import.meta.dirname), 'local', 'demo-system', 'assets');
  const load = async (name: string, extension: string, type: string): Promise<Asset> => {
    const content = await readFile(join(folder, `${name}.${extension}`));
    const hash = createHash('sha256').update(content).digest('hex').slice(0, 10);
    return { path: `/assets/${name}.${hash}.${extension}`, type, content };
  };
  return {
    script: await load('app', 'js', 'text/javascript; charset=utf-8'),
    style: await load('app', 'css', 'text/css; charset=utf-8'),
    icon: await load('icon', 'svg', 'image/svg+xml'),
  };
}

function packageRoot(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error('no package.json above the program');
  return packageRoot(parent);
}
