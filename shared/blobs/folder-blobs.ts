import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { BlobMissing, checkedBlobName, type BlobFolder } from './blob-folder.ts';

const unfinished = '.unfinished';

/** Blobs as files below one folder, which only its owner may read. */
export function folderBlobs({ folder }: { folder: string }): BlobFolder {
  const pathOf = (name: string) => join(folder, ...checkedBlobName(name).split('/'));

  return {
    async write(name, content) {
      const path = pathOf(name);
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const temporary = `${path}${unfinished}`;
      await pipeline(content, createWriteStream(temporary, { mode: 0o600, flush: true }));
      await rename(temporary, path);
      const handle = await open(dirname(path), 'r');
      // The rename itself must survive a power cut.
      await handle.sync().finally(() => handle.close());
    },

    async read(name) {
      const stream = createReadStream(pathOf(name));
      await new Promise<void>((resolve, reject) => {
        stream.once('open', () => resolve());
        stream.once('error', (error: NodeJS.ErrnoException) =>
          reject(error.code === 'ENOENT' ? new BlobMissing(name) : error),
        );
      });
      return stream;
    },

    async list(prefix) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile() && !entry.name.endsWith(unfinished))
        .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
        .filter((name) => name.startsWith(prefix))
        .sort();
    },

    remove: (name) => rm(pathOf(name), { force: true }),
  };
}
