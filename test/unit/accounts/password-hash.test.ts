import {
  argon2PasswordHashing as hashing,
  nobodysHash,
  passwordCost,
} from '../../../shared/accounts/password-hash.ts';
import { systemRandom } from '../../../shared/system-clock.ts';

const cheap = { memory: 64, passes: 1, parallelism: 1 };

describe('a stored password (ASVS 2.4)', () => {
  it('fits the password and no other', async () => {
    const hash = await hashing.hash('four crows over the weir', systemRandom);
    expect(await hashing.verify(hash, 'four crows over the weir')).toBe(true);
    expect(await hashing.verify(hash, 'four crows over the weit')).toBe(false);
    expect(await hashing.verify(hash, '')).toBe(false);
  });

  it('says how it was made, at no less than OWASP asks for', async () => {
    expect(await hashing.hash('x', systemRandom)).toMatch(/^\$argon2id\$v=19\$m=32768,t=3,p=1\$/);
    expect(passwordCost.memory * passwordCost.passes).toBeGreaterThanOrEqual(19 * 1024 * 2);
  });

  it('has a salt of its own, so that equal passwords look different', async () => {
    const hashes = await Promise.all([1, 2].map(() => hashing.hash('same', systemRandom, cheap)));
    expect(hashes[0]).not.toBe(hashes[1]);
  });

  it('agrees with the reference implementation of argon2', async () => {
    // Debian's argon2: echo -n "four crows over the weir" | argon2 somesalt12345678 -id -t 3 -k 32768 -p 1 -l 32 -e
    const reference =
      '$argon2id$v=19$m=32768,t=3,p=1$c29tZXNhbHQxMjM0NTY3OA$6Lb2saVmELy6cEZSQFbv/Bcu+d133p4YiVEuu6XawyU';
    const random = { bytes: () => Buffer.from('somesalt12345678') };
    expect(await hashing.hash('four crows over the weir', random)).toBe(reference);
    expect(await hashing.verify(reference, 'four crows over the weir')).toBe(true);
  });

  it('is outdated once more is asked for', async () => {
    expect(hashing.isOutdated(await hashing.hash('x', systemRandom, cheap))).toBe(true);
    expect(hashing.isOutdated(nobodysHash)).toBe(false);
  });

  it('fits nobody where there is none, at today’s cost', async () => {
    expect(nobodysHash).toContain(`$m=${passwordCost.memory},t=${passwordCost.passes},`);
    expect(await hashing.verify(nobodysHash, '')).toBe(false);
  });

  it('is refused when it is damaged', async () => {
    await expect(hashing.verify('$argon2id$v=19$m=1', 'x')).rejects.toThrow(TypeError);
  });
});
