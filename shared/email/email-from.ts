import { type EmailAddress, parseEmailAddress } from './email-address.ts';

/** Whom mails are from. */
export interface EmailFrom {
  /** Shown beside the address, may be empty. */
  readonly name: string;
  readonly address: EmailAddress;
}

/**
 * Reads `Drawbridge <no-reply@example.com>` or an address alone; the name may stand in double quotes.
 * @throws TypeError if it is neither
 */
export function parseEmailFrom(text: string): EmailFrom {
  const [, quoted, plain, angled] = /^\s*(?:"([^"\\]*)"|([^"<>]*))\s*<([^<>]*)>\s*$/.exec(text) ?? [];
  const address = parseEmailAddress(angled ?? text);
  if (address === undefined)
    throw new TypeError('MAIL_FROM must look like Drawbridge <no-reply@example.com>');
  return { name: (quoted ?? plain ?? '').trim(), address };
}
