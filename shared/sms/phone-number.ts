import { z } from 'zod';

/** A telephone number in international form (ITU-T E.164): `+`, country code, at most 15 digits. */
export type PhoneNumber = string & { readonly __brand: 'PhoneNumber' };

/**
 * Reads a number as a person types it: spaces, hyphens, dots, slashes and brackets do not matter, and `00` stands for
 * `+`. National forms are refused: nobody can tell the country.
 * @returns undefined if it is none
 */
export function parsePhoneNumber(text: string): PhoneNumber | undefined {
  if (text.length > 40) return undefined;
  const digits = text
    .trim()
    .replaceAll(/[\s()./-]/g, '')
    .replace(/^00/, '+');
  return /^\+[1-9]\d{6,14}$/.test(digits) ? (digits as PhoneNumber) : undefined;
}

/** Takes what a person typed, gives a {@link PhoneNumber}. */
export const phoneNumberSchema = z.string().transform((text, context): PhoneNumber => {
  const number = parsePhoneNumber(text);
  if (number !== undefined) return number;
  context.addIssue({
    code: 'custom',
    message: 'This is not a telephone number with its country code, such as +49 30 1234567.',
  });
  return z.NEVER;
});

/** Enough of a number to recognise one's own, for logs and for pages that a stranger may see. */
export const maskPhoneNumber = (number: PhoneNumber): string => `${number.slice(0, 3)}***${number.slice(-2)}`;
