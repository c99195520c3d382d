import { second } from '../clock.ts';
import type { EmailAddress } from '../email/email-address.ts';
import { sameSecret } from '../identifier.ts';

/** RFC 6238 with what every authenticator app takes: SHA-1, 6 digits, 30 seconds. */
const algorithm = 'SHA1';
const digits = 6;
const period = 30;

/** RFC 4226 section 4, R6: 160 bits. */
export const totpSecretLength = 20;

/** Clocks differ, and typing takes time (RFC 6238 section 5.2): one step to either side. */
const stepsAside = 1;

async function generator(secret: Uint8Array, account?: EmailAddress) {
  const { Secret, TOTP } = await import('otpauth');
  return new TOTP({
    issuer: 'Drawbridge',
    ...(account !== undefined && { label: account }),
    secret: new Secret({ buffer: Uint8Array.from(secret).buffer }),
    algorithm,
    digits,
    period,
  });
}

/**
 * The time step that a typed code belongs to, if it is right at this moment.
 * @param now milliseconds
 */
export async function totpStep(secret: Uint8Array, typed: string, now: number): Promise<number | undefined> {
  const totp = await generator(secret);
  const present = Math.floor(now / second / period);
  let found: number | undefined;
  for (let step = present - stepsAside; step <= present + stepsAside; step++) {
    if (sameSecret(totp.generate({ timestamp: step * period * second }), typed)) found = step;
  }
  return found;
}

/** What an app reads from the QR code, and the secret for typing it. */
export async function totpEnrolment(
  secret: Uint8Array,
  account: EmailAddress,
): Promise<{ uri: string; secret: string }> {
  const totp = await generator(secret, account);
  return { uri: totp.toString(), secret: totp.secret.base32 };
}
