import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import type { Random } from '../clock.ts';
import type { Secret, SecretStore } from '../secrets/secret-store.ts';

const ivLength = 12;
const tagLength = 16;

const keyOf = ({ value }: Secret): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', value, new Uint8Array(0), 'second factor seal', 32));

/**
 * Seals small secrets of accounts with AES-256-GCM: a copy of the store alone reveals none. What a secret is
 * for goes in as associated data, so that a sealed one fits nowhere else.
 */
export function createSecretSeal({ secrets, random }: { secrets: SecretStore; random: Random }) {
  return {
    async seal(plain: Uint8Array, purpose: string): Promise<string> {
      const secret = await secrets.current('second-factor');
      const iv = random.bytes(ivLength);
      const cipher = createCipheriv('aes-256-gcm', keyOf(secret), iv).setAAD(Buffer.from(purpose));
      const sealed = Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
      return `${secret.version}.${sealed.toString('base64url')}`;
    },

    /** @returns undefined when it was not sealed here for this purpose, or is damaged */
    async open(sealed: string, purpose: string): Promise<Uint8Array | undefined> {
      const [version = '', text = ''] = sealed.split('.');
      const bytes = Buffer.from(text, 'base64url');
      const secret = version === '' ? undefined : await secrets.version('second-factor', version);
      // What is sealed has one spelling only.
      if (!secret || bytes.length < ivLength + tagLength || bytes.toString('base64url') !== text)
        return undefined;
      const decipher = createDecipheriv('aes-256-gcm', keyOf(secret), bytes.subarray(0, ivLength), {
        authTagLength: tagLength,
      });
      decipher.setAAD(Buffer.from(purpose)).setAuthTag(bytes.subarray(-tagLength));
      try {
        return Buffer.concat([decipher.update(bytes.subarray(ivLength, -tagLength)), decipher.final()]);
      } catch {
        return undefined;
      }
    },
  };
}

export type SecretSeal = ReturnType<typeof createSecretSeal>;
