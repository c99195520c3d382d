import { createHash } from 'node:crypto';
import { Readable, type Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Passes bytes on, keeping their number and hash. */
export function measured(source: AsyncIterable<Uint8Array>) {
  const hash = createHash('sha256');
  let bytes = 0;
  async function* chunks() {
    for await (const chunk of source) {
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
  }
  return { chunks: chunks(), result: () => ({ bytes, sha256: hash.digest('hex') }) };
}

/** What a transform makes of a source. A fault of either ends both; so does a reader who stops early. */
export async function* through(
  source: AsyncIterable<Uint8Array>,
  transform: Duplex,
): AsyncGenerator<Uint8Array> {
  const piped = pipeline(Readable.from(source), transform);
  // Whoever reads the transform gets the fault as well, unless they stopped reading.
  piped.catch(() => {});
  try {
    for await (const chunk of transform) yield chunk as Uint8Array;
    await piped;
  } finally {
    transform.destroy();
  }
}
