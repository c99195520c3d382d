import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlobMissing, type BlobFolder } from '../../../shared/blobs/blob-folder.ts';
import { folderBlobs } from '../../../shared/blobs/folder-blobs.ts';

let folder: string;
let blobs: BlobFolder;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drawbridge-'));
  blobs = folderBlobs({ folder: join(folder, 'blobs') });
});
afterEach(() => rm(folder, { recursive: true }));

async function* bytes(...texts: string[]) {
  for (const text of texts) yield Buffer.from(text);
}
async function read(name: string): Promise<string> {
  let text = '';
  for await (const chunk of blobs.read(name)) text += Buffer.from(chunk).toString();
  return text;
}
async function names(prefix = ''): Promise<string[]> {
  const found: string[] = [];
  for await (const { name } of blobs.list(prefix)) found.push(name);
  return found.sort();
}

it('reads back what was written, and replaces it whole', async () => {
  await blobs.write('a/one', bytes('first, ', 'and longer'));
  expect(await read('a/one')).toBe('first, and longer');
  await blobs.write('a/one', bytes('second'));
  expect(await read('a/one')).toBe('second');
  expect((await stat(join(folder, 'blobs/a/one'))).mode & 0o777).toBe(0o600);
});

it('leaves nothing behind, and what was there as it was, when the source fails half-way', async () => {
  await blobs.write('a/one', bytes('kept'));
  async function* failing() {
    yield Buffer.from('half');
    throw new Error('source failed');
  }
  await expect(blobs.write('a/one', failing())).rejects.toThrow('source failed');
  expect(await read('a/one')).toBe('kept');
  expect(await readdir(join(folder, 'blobs/a'))).toEqual(['one']);
});

it('lists by prefix, with lengths, and names the folders', async () => {
  expect(await names()).toEqual([]);
  expect(await blobs.folders()).toEqual([]);
  for (const name of ['a/one', 'a/two', 'b/one']) await blobs.write(name, bytes(name));
  expect(await names()).toEqual(['a/one', 'a/two', 'b/one']);
  expect(await names('a/')).toEqual(['a/one', 'a/two']);
  expect(await names('a/t')).toEqual(['a/two']);
  expect(await names('none/')).toEqual([]);
  expect(await blobs.folders()).toEqual(['a', 'b']);
  for await (const blob of blobs.list('b/')) expect(blob.bytes).toBe(5);
});

it('removes one, or a folder with what a killed process left in it, and minds nothing that is gone', async () => {
  for (const name of ['a/one', 'a/two']) await blobs.write(name, bytes('x'));
  await writeFile(join(folder, 'blobs/a/three.1234.partial'), 'half');
  await blobs.remove('a/one');
  await blobs.remove('a/one');
  await expect(read('a/one')).rejects.toThrow(BlobMissing);
  await blobs.removeFolder('a');
  await blobs.removeFolder('a');
  expect(await blobs.folders()).toEqual([]);
});

it.each(['', '/a', 'a/', '../a', 'a/../b', 'a//b', '.a', 'a\\b', 'a\u0000', 'a/.b'])(
  'refuses %j as a name',
  async (name) => {
    await expect(blobs.write(name, bytes('x'))).rejects.toThrow(RangeError);
    await expect(read(name)).rejects.toThrow(RangeError);
    expect(() => blobs.remove(name)).toThrow(RangeError);
    expect(() => blobs.removeFolder(name)).toThrow(RangeError);
  },
);
