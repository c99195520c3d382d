import { createCipheriv, createDecipheriv } from 'node:crypto';

/** Bytes of plain text in every segment but the last. */
export const segmentBytes = 65_536;
const tagBytes = 16;

/** The sealed bytes are not what was sealed: changed, reordered, cut short, lengthened, or under another key. */
export class SealBroken extends Error {
  override name = 'SealBroken';
}

/**
 * Seals a stream in segments of AES-256-GCM. Each nonce holds the segment's number and whether it is the
 * last, so that order and completeness are authenticated too: the STREAM construction of Hoang,
 * Reyhanitabar, Rogaway and Vizár, "Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance".
 *
 * @param key 32 bytes, used for this one stream only: nonces start at zero
 */
export async function* seal(key: Uint8Array, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  for await (const { bytes, number, last } of segments(chunks, segmentBytes)) {
    const cipher = createCipheriv('aes-256-gcm', key, nonce(number, last));
    yield Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
  }
}

/**
 * Opens what `seal` made. What it yields was authenticated, up to there; only the end tells that nothing
 * is missing.
 *
 * @throws SealBroken
 */
export async function* unseal(key: Uint8Array, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  for await (const { bytes, number, last } of segments(chunks, segmentBytes + tagBytes)) {
    if (bytes.length < tagBytes) throw new SealBroken('The sealed stream is cut short.');
    const decipher = createDecipheriv('aes-256-gcm', key, nonce(number, last), { authTagLength: tagBytes });
    decipher.setAuthTag(bytes.subarray(-tagBytes));
    const plain = decipher.update(bytes.subarray(0, -tagBytes));
    try {
      decipher.final();
    } catch {
      throw new SealBroken('The sealed stream is damaged.');
    }
    yield plain;
  }
}

function nonce(number: number, last: boolean): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeBigUInt64BE(BigInt(number), 3);
  bytes.writeUInt8(last ? 1 : 0, 11);
  return bytes;
}

/** Cuts a stream into pieces of one size; the last, which always comes, may be shorter. */
async function* segments(chunks: AsyncIterable<Uint8Array>, size: number) {
  let pending: Uint8Array[] = [];
  let length = 0;
  let number = 0;
  for await (const chunk of chunks) {
    pending.push(chunk);
    length += chunk.length;
    if (length <= size) continue;
    let rest = Buffer.concat(pending, length);
    // One segment stays behind, since only what follows tells whether it is the last.
    for (; rest.length > size; rest = rest.subarray(size))
      yield { bytes: rest.subarray(0, size), number: number++, last: false };
    pending = [rest];
    length = rest.length;
  }
  yield { bytes: Buffer.concat(pending, length), number, last: true };
}
