import type { Readable } from 'node:stream';

/** Where backups go: named sequences of bytes. A name holds letters, digits, `.`, `-` and `/`. */
export interface BlobFolder {
  /** Writes the whole of a stream under a name; it is there only once all of it is. */
  write(name: string, content: Readable): Promise<void>;
  /** @throws BlobMissing */
  read(name: string): Promise<Readable>;
  /** Names that begin so, sorted. */
  list(prefix: string): Promise<string[]>;
  /** Removing what is not there is no error. */
  remove(name: string): Promise<void>;
}

export class BlobMissing extends Error {
  override name = 'BlobMissing';
}

const namePattern = /^[A-Za-z0-9][A-Za-z0-9.-]*(?:\/[A-Za-z0-9][A-Za-z0-9.-]*)*$/;

/** @throws TypeError on a name that could lead out of the folder */
export function checkedBlobName(name: string): string {
  if (!namePattern.test(name) || name.includes('..')) throw new TypeError('not a blob name');
  return name;
}
