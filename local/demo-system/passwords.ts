import { scrypt, timingSafeEqual } from 'node:crypto';
import type { Random } from '../../shared/clock.ts';

/** A password as it is kept: scrypt (RFC 7914) with its own salt and cost. Bytes are base64url. */
export interface PasswordHash {
  readonly salt: string;
  readonly hash: string;
  readonly cost: number;
}

const HASH_BYTES = 32;
const COST = 16_384;
const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789';

export async function hashPassword(password: string, random: Random): Promise<PasswordHash> {
  const salt = Buffer.from(random.bytes(16));
  const hash = await derive(password, salt, COST);
  return { salt: salt.toString('base64url'), hash: hash.toString('base64url'), cost: COST };
}

export async function passwordMatches(password: string, kept: PasswordHash): Promise<boolean> {
  const derived = await derive(password, Buffer.from(kept.salt, 'base64url'), kept.cost);
  const expected = Buffer.from(kept.hash, 'base64url');
  return expected.length === derived.length && timingSafeEqual(expected, derived);
}

/** What an unknown name is compared with, so that it takes as long to refuse as a known one. */
export const nobodysPassword: PasswordHash = { salt: 'AAAAAAAAAAAAAAAAAAAAAA', hash: 'AA', cost: COST };

/** Twenty letters and digits that cannot be mistaken for each other: 116 bits. */
export function newPassword(random: Random): string {
  let password = '';
  while (password.length < 20) {
    for (const byte of random.bytes(32)) {
      // Bytes beyond the last whole multiple would favour the first letters.
      if (byte >= 256 - (256 % LETTERS.length) || password.length === 20) continue;
      password += LETTERS[byte % LETTERS.length];
    }
  }
  return password;
}

const derive = (password: string, salt: Buffer, cost: number): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    scrypt(password.normalize('NFC'), salt, HASH_BYTES, { N: cost, r: 8, p: 1 }, (problem, key) =>
      problem ? reject(problem) : resolve(key),
    );
  });
