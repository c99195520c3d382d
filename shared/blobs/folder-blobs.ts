import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, opendir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { instant } from '../clock.ts';
import { BlobMissing, checkBlobName, type Blob, type BlobFolder } from './blob-folder.ts';

/** Ends the name of a file that is still being written, or was when its process died. */
const partial = '.partial';

/** Blobs as files below one folder, readable by their owner alone. */
export function folderBlobs({ folder }: { readonly folder: string }): BlobFolder {
  const pathOf = (name: string): string => {
    checkBlobName(name);
    return join(folder, ...name.split('/'));
  };

  return {
    async write(name, chunks) {
      const path = pathOf(name);
      if (name.endsWith(partial)) throw new RangeError('This name is for unfinished files.');
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const temporary = `${path}.${randomUUID()}${partial}`;
      try {
        const file = await open(temporary, 'wx', 0o600);
        try {
          for await (const chunk of chunks) await file.writeFile(chunk);
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(temporary, path);
        await syncFolder(dirname(path));
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
    },

    async *read(name) {
      try {
        for await (const chunk of createReadStream(pathOf(name))) yield chunk as Uint8Array;
      } catch (error) {
        throw isMissing(error) ? new BlobMissing('There is no such blob.', { cause: error }) : error;
      }
    },

    async *list(prefix) {
      const parents = prefix.split('/').slice(0, -1);
      if (parents.length > 0) checkBlobName(parents.join('/'));
      for await (const path of filesBelow(join(folder, ...parents))) {
        const name = relative(folder, path).split(sep).join('/');
        if (name.startsWith(prefix)) yield* blobAt(path, name);
      }
    },

    async folders() {
      try {
        const entries = await readdir(folder, { withFileTypes: true });
        return entries
          .filter((entry) => entry.isDirectory())
          .map(({ name }) => name)
          .sort();
      } catch (error) {
        if (isMissing(error)) return [];
        throw error;
      }
    },

    remove: (name) => rm(pathOf(name), { force: true }),
    removeFolder: (name) => rm(pathOf(name), { recursive: true, force: true }),
  };
}

async function* filesBelow(folder: string): AsyncGenerator<string> {
  let entries;
  try {
    entries = await opendir(folder);
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  for await (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (entry.isFile()) yield path;
  }
}

async function* blobAt(path: string, name: string): AsyncGenerator<Blob> {
  try {
    const { size, mtimeMs } = await stat(path);
    yield { name, bytes: size, modifiedAt: instant(mtimeMs) };
  } catch (error) {
    // Removed since the folder was read.
    if (!isMissing(error)) throw error;
  }
}

/** A rename is on the disk only once its folder is. Windows cannot do this, and needs it not. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const isMissing = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
