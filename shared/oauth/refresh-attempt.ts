import { sha256 } from '../identifier.ts';
import { OAuthError } from './oauth-error.ts';

/**
 * Which try of its holder a renewal is: the optional parameters `attempt` and `earlier_attempts`.
 *
 * A client makes up a nonce for each key that it renews, and a new one after each restart. It keeps only the
 * nonce's hash on disk, before it sends the nonce. So whoever knows a nonce made that attempt, while a thief
 * who copied the disk can name attempts but not make them again.
 */
export interface RenewalAttempt {
  /** SHA-256 of the nonce, base64url. */
  readonly hash: string;
  /** Hashes of the attempts before, newest first, also those with older keys. */
  readonly earlier: readonly string[];
}

/** So many earlier attempts are taken from a request; a client need not keep more. */
export const mostEarlierAttempts = 16;

/** So many attempts a gateway's record knows. */
export const mostKnownAttempts = 32;

export const hashOfAttempt = sha256;

export const noncePattern = /^[\w-]{22,86}$/;
const hashPattern = /^[\w-]{43}$/;

/**
 * @param nonce `attempt`: 128 to 512 random bits, base64url
 * @param earlier `earlier_attempts`: hashes separated by commas; those beyond 16 are ignored
 * @returns undefined for a client that does not name its attempts
 * @throws OAuthError invalid_request
 */
export function readRenewalAttempt(
  nonce: string | undefined,
  earlier: string | undefined,
): RenewalAttempt | undefined {
  if (nonce === undefined) return undefined;
  const hashes = earlier === undefined ? [] : earlier.split(',', mostEarlierAttempts);
  if (!noncePattern.test(nonce)) {
    throw new OAuthError('invalid_request', 'attempt is not 22 to 86 characters of base64url.');
  }
  if (!hashes.every((hash) => hashPattern.test(hash))) {
    throw new OAuthError('invalid_request', 'earlier_attempts is no list of SHA-256 hashes in base64url.');
  }
  return { hash: hashOfAttempt(nonce), earlier: hashes };
}

/** What a record knows after it accepted this attempt. */
export function withAttempt(known: readonly string[] | undefined, attempt: RenewalAttempt): string[] {
  return [...new Set([attempt.hash, ...attempt.earlier, ...(known ?? [])])].slice(0, mostKnownAttempts);
}
