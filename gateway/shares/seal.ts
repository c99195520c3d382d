import { createCipheriv, createDecipheriv } from 'node:crypto';
import { join } from 'node:path';
import type { Random } from '../../shared/clock.ts';
import { GatewayError } from '../gateway-error.ts';
import { readOrMake } from '../state/atomic-file.ts';

/** Seals texts with AES-256-GCM (NIST SP 800-38D) under a key that only this gateway's user can read. */
export interface Seal {
  /** @param context what the text belongs to; opening needs the same one */
  seal(text: string, context: string): Promise<string>;
  /** @throws GatewayError `state-damaged` */
  open(sealed: string, context: string): Promise<string>;
}

const keyFile = 'seal.key';

export function createSeal(folder: string, random: Random): Seal {
  const path = join(folder, keyFile);

  async function key(): Promise<Buffer> {
    const bytes = Buffer.from(
      await readOrMake(path, () => Buffer.from(random.bytes(32)).toString('base64')),
      'base64',
    );
    if (bytes.length !== 32) throw new GatewayError('state-damaged', `${path} is not a key of 32 bytes.`);
    return bytes;
  }

  return {
    async seal(text, context) {
      const nonce = random.bytes(12);
      const cipher = createCipheriv('aes-256-gcm', await key(), nonce).setAAD(Buffer.from(context));
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64');
    },

    async open(text, context) {
      const bytes = Buffer.from(text, 'base64');
      try {
        const decipher = createDecipheriv('aes-256-gcm', await key(), bytes.subarray(0, 12), {
          authTagLength: 16,
        })
          .setAAD(Buffer.from(context))
          .setAuthTag(bytes.subarray(12, 28));
        return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8');
      } catch (error) {
        if (error instanceof GatewayError) throw error;
        throw new GatewayError(
          'state-damaged',
          'A sealed password cannot be opened: seal.key is not the one it was made with.',
        );
      }
    },
  };
}
