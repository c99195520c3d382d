import { BlobMissing, type BlobFolder } from '../../shared/blobs/blob-folder.ts';

export async function* bytes(...texts: string[]) {
  for (const text of texts) yield Buffer.from(text);
}

export async function readText(blobs: BlobFolder, name: string): Promise<string> {
  let text = '';
  for await (const chunk of blobs.read(name)) text += Buffer.from(chunk).toString();
  return text;
}

export async function namesOf(blobs: BlobFolder, prefix = ''): Promise<string[]> {
  const found: string[] = [];
  for await (const { name } of blobs.list(prefix)) found.push(name);
  return found.sort();
}

/** What every adapter of the BlobFolder port must do. `open` gives an empty one. */
export function blobFolderContract(name: string, open: () => Promise<BlobFolder>): void {
  describe(`${name} as a place for large files`, () => {
    let blobs: BlobFolder;
    beforeEach(async () => {
      blobs = await open();
    });

    it('reads back what was written, and replaces it whole', async () => {
      await blobs.write('a/one', bytes('first, ', 'and longer'));
      expect(await readText(blobs, 'a/one')).toBe('first, and longer');
      await blobs.write('a/one', bytes('second'));
      expect(await readText(blobs, 'a/one')).toBe('second');
      await blobs.write('a/one', bytes());
      expect(await readText(blobs, 'a/one')).toBe('');
    });

    it('keeps what was there as it was when the source fails half-way', async () => {
      await blobs.write('a/one', bytes('kept'));
      async function* failing() {
        for (let part = 0; part < 20; part += 1) yield Buffer.alloc(1024 * 1024, part);
        throw new Error('source failed');
      }
      await expect(blobs.write('a/one', failing())).rejects.toThrow('source failed');
      await expect(blobs.write('a/two', failing())).rejects.toThrow('source failed');
      expect(await readText(blobs, 'a/one')).toBe('kept');
      expect(await namesOf(blobs)).toEqual(['a/one']);
    });

    it('keeps large ones to the byte', async () => {
      const part = (at: number) => Buffer.alloc(1_000_003, at);
      async function* many() {
        for (let at = 0; at < 12; at += 1) yield part(at);
      }
      await blobs.write('large', many());
      const read: Uint8Array[] = [];
      for await (const chunk of blobs.read('large')) read.push(chunk);
      const expected = Buffer.concat(Array.from({ length: 12 }, (_, at) => part(at)));
      expect(Buffer.concat(read).equals(expected)).toBe(true);
    });

    it('lists by prefix, with lengths, and names the folders', async () => {
      expect(await namesOf(blobs)).toEqual([]);
      expect(await blobs.folders()).toEqual([]);
      for (const one of ['a/one', 'a/two', 'b/one', 'top']) await blobs.write(one, bytes(one));
      expect(await namesOf(blobs)).toEqual(['a/one', 'a/two', 'b/one', 'top']);
      expect(await namesOf(blobs, 'a/')).toEqual(['a/one', 'a/two']);
      expect(await namesOf(blobs, 'a/t')).toEqual(['a/two']);
      expect(await namesOf(blobs, 'none/')).toEqual([]);
      expect(await blobs.folders()).toEqual(['a', 'b']);
      for await (const blob of blobs.list('b/')) expect(blob.bytes).toBe(5);
    });

    it('removes one, or a folder, and minds nothing that is gone', async () => {
      for (const one of ['a/one', 'a/two', 'ab/one']) await blobs.write(one, bytes('x'));
      await blobs.remove('a/one');
      await blobs.remove('a/one');
      await expect(readText(blobs, 'a/one')).rejects.toThrow(BlobMissing);
      await blobs.removeFolder('a');
      await blobs.removeFolder('a');
      expect(await blobs.folders()).toEqual(['ab']);
    });

    it.each(['', '/a', 'a/', '../a', 'a/../b', 'a//b', '.a', 'a\\b', 'a\u0000', 'a/.b'])(
      'refuses %j as a name',
      async (wrong) => {
        await expect(blobs.write(wrong, bytes('x'))).rejects.toThrow(RangeError);
        await expect(readText(blobs, wrong)).rejects.toThrow(RangeError);
        expect(() => blobs.remove(wrong)).toThrow(RangeError);
        expect(() => blobs.removeFolder(wrong)).toThrow(RangeError);
      },
    );
  });
}
