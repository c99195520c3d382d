import { domainToASCII } from 'node:url';
import { z } from 'zod';

/**
 * An address in the one form in which we store, compare and mail it: ASCII, lower case, an international
 * domain as its A-labels, at most 254 characters. Two spellings of one mailbox are equal strings.
 */
export type EmailAddress = string & { readonly __brand: 'EmailAddress' };

/** RFC 5321 section 4.5.3.1.3: a path is at most 256 octets, two of which are its angle brackets. */
export const longestEmailAddress = 254;

/** RFC 5321 section 4.5.3.1.1. */
const longestLocalPart = 64;

/** RFC 5322 section 3.2.3, dot-atom-text. Quoted local parts are legal, unused, and a way to confuse readers. */
const dotAtom = /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;

/** What a person may type as a domain. ASCII punctuation is refused here: the URL host parser would decode some. */
const typedDomain = /^(?:[a-z0-9.-]|[^\x00-\x7f])+$/i;

const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Reads an address as a person types it: spaces around it and upper case do not matter. The local part is ASCII
 * without quotes or comments; the domain may be international and has at least two labels (RFC 5321, RFC 5890).
 *
 * Local parts are lower-cased too. RFC 5321 section 2.4 would let a server tell "Ann" from "ann"; none that
 * people use does, and two accounts for one mailbox would be worse.
 *
 * @returns undefined if it is no such address
 */
export function parseEmailAddress(text: string): EmailAddress | undefined {
  // A bound on the input, so that a hostile megabyte costs nothing.
  if (text.length > 4 * longestEmailAddress) return undefined;
  const trimmed = text.trim();
  const at = trimmed.indexOf('@');
  const localPart = trimmed.slice(0, at).toLowerCase();
  if (at < 1 || localPart.length > longestLocalPart || !dotAtom.test(localPart)) return undefined;
  const domain = parseDomain(trimmed.slice(at + 1));
  if (domain === undefined) return undefined;
  const address = `${localPart}@${domain}`;
  return address.length > longestEmailAddress ? undefined : (address as EmailAddress);
}

/** For addresses already known to be in order, such as those in documents. @throws TypeError if it is none */
export function emailAddress(text: string): EmailAddress {
  const address = parseEmailAddress(text);
  if (address === undefined) throw new TypeError('not an e-mail address');
  return address;
}

/** The part after the at sign: lower case, A-labels. */
export const emailDomain = (address: EmailAddress): string => address.slice(address.indexOf('@') + 1);

/** Enough of an address to recognise one's own, for logs and for pages that a stranger may see. */
export const maskEmailAddress = (address: EmailAddress): string =>
  `${address.slice(0, 1)}***@${emailDomain(address)}`;

/** Takes what a person typed, gives an {@link EmailAddress}. */
export const emailAddressSchema = z
  .string()
  .max(longestEmailAddress, 'An e-mail address has at most 254 characters.')
  .meta({ format: 'email' })
  .transform((text, context): EmailAddress => {
    const address = parseEmailAddress(text);
    if (address !== undefined) return address;
    context.addIssue({ code: 'custom', message: 'This is not an e-mail address.' });
    return z.NEVER;
  });

function parseDomain(typed: string): string | undefined {
  if (!typedDomain.test(typed)) return undefined;
  const domain = domainToASCII(typed);
  const labels = domain.split('.');
  if (domain.length > 253 || labels.length < 2 || !labels.every((each) => label.test(each))) return undefined;
  // No top-level domain is a number (RFC 3696 section 2): the rest are IPv4 addresses.
  return /^\d+$/.test(labels.at(-1) ?? '') ? undefined : domain;
}
