import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { createSeal } from '../../../gateway/shares/seal.ts';
import { systemRandom } from '../../../shared/system-clock.ts';
import { removeFolders, temporaryFolder } from './temporary-folder.ts';

/** Passwords of service users at rest: AES-256-GCM under a key that only the gateway's user can read. */
describe('the seal', () => {
  afterAll(removeFolders);

  it('gives back any text under the context it was sealed for', async () => {
    const seal = createSeal(await temporaryFolder(), systemRandom);
    const text = fc.string({ unit: 'grapheme' });
    await fc.assert(
      fc.asyncProperty(text, text, async (secret, context) => {
        expect(await seal.open(await seal.seal(secret, context), context)).toBe(secret);
      }),
    );
  });

  it('opens for nobody else: another context is refused', async () => {
    const seal = createSeal(await temporaryFolder(), systemRandom);
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.string(), async (context, other) => {
        fc.pre(context !== other);
        const sealed = await seal.seal('secret', context);
        await expect(seal.open(sealed, other)).rejects.toMatchObject({ code: 'state-damaged' });
      }),
    );
  });

  it('notices every flipped bit: of the nonce, of the tag, of the text', async () => {
    const seal = createSeal(await temporaryFolder(), systemRandom);
    const sealed = Buffer.from(await seal.seal('seventeen-letters', 'share-1'), 'base64');
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const damaged = Buffer.from(sealed);
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      await expect(seal.open(damaged.toString('base64'), 'share-1')).rejects.toMatchObject({
        code: 'state-damaged',
      });
    }
  });

  it.each([
    ['nothing', () => ''],
    ['a beginning', (sealed: string) => sealed.slice(0, 8)],
    ['one without its tag’s end', (sealed: string) => sealed.slice(0, 32)],
    ['one with more behind it', (sealed: string) => `${sealed}AAAA`],
    ['no base64', () => '????'],
  ])('refuses %s', async (_, damage) => {
    const seal = createSeal(await temporaryFolder(), systemRandom);
    // 12 + 16 + 17 bytes, so that base64 has no padding and more can stand behind it.
    const sealed = await seal.seal('seventeen-letters', 'share-1');
    await expect(seal.open(damage(sealed), 'share-1')).rejects.toMatchObject({ code: 'state-damaged' });
  });

  it('is refused under another key, in words that hold no secret', async () => {
    const sealed = await createSeal(await temporaryFolder(), systemRandom).seal('secret', 'share-1');
    const other = createSeal(await temporaryFolder(), systemRandom);
    await expect(other.open(sealed, 'share-1')).rejects.toMatchObject({
      code: 'state-damaged',
      message: 'A sealed password cannot be opened: seal.key is not the one it was made with.',
    });
  });

  it('looks different each time, and never holds the text', async () => {
    const seal = createSeal(await temporaryFolder(), systemRandom);
    const both = await Promise.all([
      seal.seal('seventeen-letters', 'a'),
      seal.seal('seventeen-letters', 'a'),
    ]);
    expect(both[0]).not.toBe(both[1]);
    for (const sealed of both)
      expect(Buffer.from(sealed, 'base64').toString('latin1')).not.toContain('seventeen');
  });

  it('keeps one key of 32 bytes, mode 0600, which a restart finds again', async () => {
    const folder = await temporaryFolder();
    const sealed = await createSeal(folder, systemRandom).seal('secret', 'share-1');
    const path = join(folder, 'seal.key');
    expect(Buffer.from(await readFile(path, 'utf8'), 'base64')).toHaveLength(32);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await createSeal(folder, systemRandom).open(sealed, 'share-1')).toBe('secret');
  });

  it('seals under one key, also when two begin at once', async () => {
    const folder = await temporaryFolder();
    const [one, two] = [createSeal(folder, systemRandom), createSeal(folder, systemRandom)];
    const [first, second] = await Promise.all([one.seal('1', 'a'), two.seal('2', 'a')]);
    expect([await two.open(first, 'a'), await one.open(second, 'a')]).toEqual(['1', '2']);
  });

  it('says so when the key is damaged, and makes no new one in its place', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'seal.key'), 'short');
    const damaged = { code: 'state-damaged', message: expect.stringContaining('seal.key') as string };
    await expect(createSeal(folder, systemRandom).seal('secret', 'a')).rejects.toMatchObject(damaged);
    expect(await readFile(join(folder, 'seal.key'), 'utf8')).toBe('short');
  });
});
