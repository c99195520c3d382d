import type { Instant } from '../clock.ts';

export interface Blob {
  readonly name: string;
  readonly bytes: number;
  readonly modifiedAt: Instant;
}

/** A place for large files, by names such as `2026/one.gz`: letters, digits, `.`, `_`, `-`, and `/` between. */
export interface BlobFolder {
  /** Streams a blob in. It appears whole, under its name, or not at all; one of the same name is replaced. */
  write(name: string, chunks: AsyncIterable<Uint8Array>): Promise<void>;
  /** @throws BlobMissing */
  read(name: string): AsyncIterable<Uint8Array>;
  /** Blobs whose name begins with the prefix, in no promised order. */
  list(prefix: string): AsyncIterable<Blob>;
  /** The first parts of all names that have a `/`, sorted. */
  folders(): Promise<readonly string[]>;
  /** Removing what is not there is no error. */
  remove(name: string): Promise<void>;
  /** Removes every blob below a folder, also what an interrupted write left there. */
  removeFolder(folder: string): Promise<void>;
}

export class BlobMissing extends Error {
  override name = 'BlobMissing';
}

/** @throws RangeError for a name that no adapter should see, such as one with `..` in it */
export function checkBlobName(name: string): void {
  if (name.length > 500 || !/^[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/.test(name))
    throw new RangeError('This is not the name of a blob.');
}
