import type { Random } from '../clock.ts';
import { hmac, randomText, type AccountId } from '../identifier.ts';

export const recoveryCodeCount = 10;

/** 60 bits, without characters that look alike. */
const length = 12;
const alphabet = '23456789abcdefghjkmnpqrstuvwxyz';

/** As people read and type it: `abcd-efgh-2345`. */
export const newRecoveryCode = (random: Random): string =>
  randomText(random, length, alphabet).replace(/.{4}(?=.)/g, '$&-');

export const normalizeRecoveryCode = (typed: string): string => typed.toLowerCase().replace(/[\s-]/g, '');

export const looksLikeRecoveryCode = (typed: string): boolean =>
  new RegExp(`^[${alphabet}]{${length}}$`).test(normalizeRecoveryCode(typed));

/** How it is stored: keyed, and salted with the account (ASVS 2.6.2, since it has less than 112 bits). */
export const recoveryCodeMac = (key: Uint8Array, accountId: AccountId, typed: string): string =>
  hmac(key, `recovery code ${accountId} ${normalizeRecoveryCode(typed)}`);
