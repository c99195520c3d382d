import { argon2, timingSafeEqual, type Argon2Parameters } from 'node:crypto';
import { promisify } from 'node:util';
import type { Random } from '../clock.ts';

/** What a hash costs: kibibytes of memory, passes over them, lanes. */
export interface PasswordCost {
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
}

/**
 * Above the least that OWASP's Password Storage Cheat Sheet asks of argon2id (19 MiB, 2 passes, 1 lane). Node
 * computes at most four at once, which bounds the memory. Raising it takes effect as people sign in; until
 * somebody has, a wrong password for their account is found out sooner than for others.
 */
export const passwordCost: PasswordCost = { memory: 32_768, passes: 3, parallelism: 1 };

const saltLength = 16;
const tagLength = 32;

/** The PHC string format: whoever reads a hash knows how it was made. */
const stored =
  /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$/;

const derive = promisify(
  (
    message: string,
    nonce: Uint8Array,
    cost: PasswordCost,
    callback: (error: Error | null, tag: Buffer) => void,
  ) => {
    const parameters: Argon2Parameters = { message, nonce, tagLength, ...cost };
    argon2('argon2id', parameters, callback);
  },
);

const unpadded = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64').replaceAll('=', '');

const write = ({ memory, passes, parallelism }: PasswordCost, salt: Uint8Array, tag: Uint8Array): string =>
  `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${unpadded(salt)}$${unpadded(tag)}`;

function read(hash: string): { cost: PasswordCost; salt: Buffer; tag: Buffer } {
  const [, memory, passes, parallelism, salt = '', tag = ''] = stored.exec(hash) ?? [];
  if (memory === undefined) throw new TypeError('not a stored password hash');
  return {
    cost: { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) },
    salt: Buffer.from(salt, 'base64'),
    tag: Buffer.from(tag, 'base64'),
  };
}

/** argon2id (RFC 9106) of passwords; each with a salt of its own (ASVS 2.4.1, 2.4.2). */
export const argon2PasswordHashing = {
  /** @param password normalized */
  async hash(password: string, random: Random, cost: PasswordCost = passwordCost): Promise<string> {
    const salt = random.bytes(saltLength);
    return write(cost, salt, await derive(password, salt, cost));
  },

  /** @throws TypeError when the stored hash is none */
  async verify(hash: string, password: string): Promise<boolean> {
    const { cost, salt, tag } = read(hash);
    return timingSafeEqual(await derive(password, salt, cost), tag);
  },

  /** Was it made with less than is asked for today? */
  isOutdated(hash: string): boolean {
    const { cost } = read(hash);
    return cost.memory < passwordCost.memory || cost.passes < passwordCost.passes;
  },
};

export type PasswordHashing = typeof argon2PasswordHashing;

/** Fits no password, and costs as much to find out: what is checked where there is none (ASVS 5.0, 6.3.8). */
export const nobodysHash = write(passwordCost, new Uint8Array(saltLength), new Uint8Array(tagLength));
