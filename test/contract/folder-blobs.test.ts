import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { folderBlobs } from '../../shared/blobs/folder-blobs.ts';
import { blobFolderContract, bytes } from './blob-folder.contract.ts';

let folder: string;
const open = async () => {
  folder = await mkdtemp(join(tmpdir(), 'drawbridge-'));
  return folderBlobs({ folder: join(folder, 'blobs') });
};
afterEach(() => rm(folder, { recursive: true }));

blobFolderContract('a folder', open);

describe('a folder on disk', () => {
  it('is readable by its owner alone, and holds no half of a file', async () => {
    const blobs = await open();
    await blobs.write('a/one', bytes('x'));
    expect((await stat(join(folder, 'blobs/a/one'))).mode & 0o777).toBe(0o600);
    async function* failing() {
      yield Buffer.from('half');
      throw new Error('source failed');
    }
    await expect(blobs.write('a/one', failing())).rejects.toThrow('source failed');
    expect(await readdir(join(folder, 'blobs/a'))).toEqual(['one']);
  });

  it('removes with a folder what a killed process left in it', async () => {
    const blobs = await open();
    await blobs.write('a/one', bytes('x'));
    await writeFile(join(folder, 'blobs/a/three.1234.partial'), 'half');
    await blobs.removeFolder('a');
    expect(await blobs.folders()).toEqual([]);
  });
});
