import type { HashedName } from './slot.ts';

const shape = /^[A-Za-z0-9_.~-]*?[A-Za-z0-9_-]{8,}(?:\.(?:chunk|min|module|bundle|esm))?\.([a-z0-9]{1,10})$/;

/** Whether a file name has the place where bundlers write a content hash, and one of the extensions. */
export function isHashedName(name: string, { extensions, max }: HashedName): boolean {
  if (name.length > max || name.includes('..')) return false;
  const extension = shape.exec(name)?.[1];
  return extension !== undefined && extensions.includes(extension);
}

const hashes = /(?:^|[._-])([A-Za-z0-9_-]{8,64})(?:\.(?:chunk|min|module|bundle|esm))?\.[a-z0-9]{1,10}$/;

/**
 * Whether a file name surely holds a content hash: at least eight hexadecimal digits with a digit among
 * them, or eight or more characters in which digits and both cases mix, as Vite writes them.
 */
export function holdsHash(name: string): boolean {
  const tail = hashes.exec(name)?.[1];
  if (tail === undefined) return false;
  const tokens = [tail, ...tail.split(/[_-]/), tail.slice(-8)];
  return tokens.some((token) => token.length >= 8 && (isHex(token) || isMixed(token)));
}

const isHex = (token: string) => /^[0-9a-f]+$/.test(token) && /[0-9]/.test(token) && /[a-f]/.test(token);
const isMixed = (token: string) => /[0-9]/.test(token) && /[a-z]/.test(token) && /[A-Z]/.test(token);

export const extensionOf = (name: string): string => /\.([a-z0-9]{1,10})$/.exec(name)?.[1] ?? '';
