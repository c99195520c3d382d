import type { Random } from '../clock.ts';
import { hmac, sameSecret, sha256, type GatewayId } from '../identifier.ts';

/** What a refresh key says. It names its gateway and generation, so that the record need not list keys. */
export interface RefreshKey {
  readonly gatewayId: GatewayId;
  /** Counts the renewals of this gateway; the first key is 1. */
  readonly generation: number;
  /** Seconds since 1970; the key lives 30 days from here, whatever the record says. */
  readonly issuedAt: number;
  readonly nonce: string;
}

/** A presented key that carries a valid MAC: this service issued it once. */
export interface GenuineRefreshKey extends RefreshKey {
  /** SHA-256 of the key text; the only form of a key that is ever stored. */
  readonly hash: string;
}

const pattern = /^drk_(gw-[0-9a-z]{26})\.([1-9]\d{0,14})\.(\d{1,12})\.([\w-]{22})\.([\w-]{43})$/;

const signedPart = (key: RefreshKey) => `drk_${key.gatewayId}.${key.generation}.${key.issuedAt}.${key.nonce}`;

export const newNonce = (random: Random): string => Buffer.from(random.bytes(16)).toString('base64url');

export const hashOfRefreshKey = sha256;

export function formatRefreshKey(key: RefreshKey, macKey: Uint8Array): string {
  const text = signedPart(key);
  return `${text}.${hmac(macKey, text)}`;
}

/**
 * Reads a presented key.
 * @param macKeys every version that may have signed it
 * @returns undefined when this service never issued it
 */
export function readRefreshKey(text: string, macKeys: readonly Uint8Array[]): GenuineRefreshKey | undefined {
  const match = pattern.exec(text);
  if (!match) return undefined;
  const [, gatewayId, generation, issuedAt, nonce, mac] = match;
  const key = {
    gatewayId: gatewayId as GatewayId,
    generation: Number(generation),
    issuedAt: Number(issuedAt),
    nonce: nonce as string,
  };
  const genuine = macKeys.some((macKey) => sameSecret(hmac(macKey, signedPart(key)), mac as string));
  return genuine ? { ...key, hash: hashOfRefreshKey(text) } : undefined;
}
