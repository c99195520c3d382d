import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { seal, SealBroken, segmentBytes, unseal } from '../../../shared/backup/sealed-stream.ts';

const key = randomBytes(32);

async function* pieces(bytes: Uint8Array, sizes: readonly number[]) {
  let at = 0;
  for (let n = 0; at < bytes.length; n++) {
    const size = sizes[n % sizes.length] ?? bytes.length;
    yield bytes.subarray(at, (at += size));
  }
}
async function whole(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}
const sealed = (bytes: Uint8Array) => whole(seal(key, pieces(bytes, [10_000])));
const opened = (bytes: Uint8Array, by = key) => whole(unseal(by, pieces(bytes, [7777])));

it('opens to what was sealed, however the bytes arrive', async () => {
  const length = fc.oneof(
    fc.integer({ min: 0, max: 200 }),
    fc.constantFrom(segmentBytes - 1, segmentBytes, segmentBytes + 1, 2 * segmentBytes, 3 * segmentBytes + 5),
  );
  const sizes = fc.array(fc.constantFrom(1000, 5000, 65_536, 65_552, 200_000), {
    minLength: 1,
    maxLength: 4,
  });
  await fc.assert(
    fc.asyncProperty(length, sizes, sizes, async (count, inward, outward) => {
      const plain = randomBytes(count);
      const box = await whole(seal(key, pieces(plain, inward)));
      expect((await whole(unseal(key, pieces(box, outward)))).equals(plain)).toBe(true);
    }),
    { numRuns: 40 },
  );
});

it.each<[string, (box: Buffer) => Buffer]>([
  ['a bit was flipped', (box) => box.fill((box[70_000] ?? 0) ^ 1, 70_000, 70_001)],
  ['the end is missing', (box) => box.subarray(0, -1)],
  ['the last segment is missing', (box) => box.subarray(0, 2 * (segmentBytes + 16))],
  ['everything is missing', (box) => box.subarray(0, 0)],
  ['something was added', (box) => Buffer.concat([box, Buffer.alloc(20)])],
  ['a segment was left out', (box) => box.subarray(segmentBytes + 16)],
  [
    'two segments were swapped',
    (box) => {
      const size = segmentBytes + 16;
      return Buffer.concat([box.subarray(size, 2 * size), box.subarray(0, size), box.subarray(2 * size)]);
    },
  ],
])('does not open when %s', async (_, spoil) => {
  const box = await sealed(randomBytes(2 * segmentBytes + 100));
  await expect(opened(spoil(box))).rejects.toThrow(SealBroken);
});

it('does not open with another key', async () => {
  await expect(opened(await sealed(randomBytes(10)), randomBytes(32))).rejects.toThrow(SealBroken);
});
