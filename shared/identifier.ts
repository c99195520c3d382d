import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Random } from './clock.ts';

type Branded<B extends string> = string & { readonly __brand: B };

export type AccountId = Branded<'AccountId'>;
export type OrganizationId = Branded<'OrganizationId'>;
export type SystemId = Branded<'SystemId'>;
export type GatewayId = Branded<'GatewayId'>;
export type ShareId = Branded<'ShareId'>;

// Lower case and without look-alikes (0/o, 1/l), so that an id is also a DNS label and can be read aloud.
const alphabet = '23456789abcdefghjkmnpqrstuvwxyz';

/** Characters drawn evenly from an alphabet of at most 256. */
export function randomText(random: Random, length: number, characters: string): string {
  const limit = 256 - (256 % characters.length);
  let text = '';
  while (text.length < length) {
    for (const byte of random.bytes(length)) {
      if (byte < limit && text.length < length) text += characters[byte % characters.length];
    }
  }
  return text;
}

/** 26 characters, 128 bits: not guessable. */
const newId = (random: Random): string => randomText(random, 26, alphabet);

export const newOrganizationId = (random: Random) => `org-${newId(random)}` as OrganizationId;
export const newSystemId = (random: Random) => `sys-${newId(random)}` as SystemId;
export const newGatewayId = (random: Random) => `gw-${newId(random)}` as GatewayId;
export const newShareId = (random: Random) => newId(random) as ShareId;

export const isShareId = (text: string): text is ShareId =>
  text.length === 26 && [...text].every((c) => alphabet.includes(c));

/** One account an address: the id follows from it, so two sign-ups at once cannot make two accounts. */
export const accountIdOf = (normalizedEmail: string): AccountId =>
  `acc-${sha256(`account:${normalizedEmail}`).slice(0, 32)}` as AccountId;

/** A secret for a cookie or a code: 256 bits, base64url. */
export const newSecret = (random: Random): string => Buffer.from(random.bytes(32)).toString('base64url');

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64url');

export const hmac = (key: Uint8Array, text: string): string =>
  createHmac('sha256', key).update(text).digest('base64url');

/** Compares in a time that does not depend on where the texts differ. */
export function sameSecret(a: string, b: string): boolean {
  const [left, right] = [createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest()];
  return timingSafeEqual(left, right);
}
