import type { EmailAddress } from '../email/email-address.ts';

/** NIST SP 800-63B section 5.1.1.2; ASVS 2.1.2 for the upper bound. Counted in code points. */
export const shortestPassword = 8;
export const longestPassword = 128;

/** One spelling of what was typed, so that another keyboard gives the same (RFC 8265 section 4.2.2). */
export const normalizePassword = (typed: string): string =>
  typed
    .toWellFormed()
    .replace(/\p{Zs}/gu, ' ')
    .normalize('NFC');

let common: Promise<ReadonlySet<string>> | undefined;

/** The list is long and needed rarely: it is read on first use. */
const commonPasswords = (): Promise<ReadonlySet<string>> =>
  (common ??= import('@zxcvbn-ts/language-common').then(
    ({ dictionary }) => new Set(dictionary['passwords-common'].map(String)),
  ));

/** What a guesser would try first for this person here (NIST SP 800-63B section 5.1.1.2, "context-specific"). */
function contextWords(email: EmailAddress): string[] {
  const [local = '', domain = ''] = email.split('@');
  const words = [email, local, domain, ...local.split(/[^a-z0-9]+/), ...domain.split(/[.-]/), 'drawbridge'];
  return [...new Set(words)].filter((word) => word.length >= 4).sort((a, b) => b.length - a.length);
}

/**
 * Why a new password will not do, as a sentence for its chooser; undefined when it will. There are no rules of
 * composition (ASVS 2.1.9), and spaces and any script are welcome (ASVS 2.1.4).
 * @param password normalized
 */
export async function passwordFault(password: string, email: EmailAddress): Promise<string | undefined> {
  const characters = [...password];
  if (characters.length < shortestPassword) return `Use at least ${shortestPassword} characters.`;
  if (characters.length > longestPassword) return `Use at most ${longestPassword} characters.`;
  const folded = password.toLowerCase();
  if (new Set(folded).size === 1 || (await commonPasswords()).has(folded.trim())) {
    return 'This password is among those that are guessed first. Choose another one.';
  }
  const rest = contextWords(email).reduce((text, word) => text.replaceAll(word, ''), folded);
  // A long passphrase may well hold one of these words; a short one is little more than the word.
  if (rest !== folded && [...rest].length < shortestPassword) {
    return 'This password is too close to your address or to the name of this service. Choose another one.';
  }
  return undefined;
}
