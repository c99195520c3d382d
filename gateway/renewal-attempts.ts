import type { Random } from '../shared/clock.ts';

/** The nonces by which this process says that an attempt to renew was its own. They are never written down. */
export interface RenewalAttempts {
  /** The nonce of this process for this refresh token; the same each time, so that retrying fills no list. */
  nonce(refreshToken: string): string;
  /** The service took the attempt for an old one: from now on another nonce. */
  discard(): void;
}

/** Make one for each process. */
export function createRenewalAttempts(random: Random): RenewalAttempts {
  let present: { refreshToken: string; nonce: string } | undefined;
  return {
    nonce(refreshToken) {
      if (present?.refreshToken !== refreshToken) {
        present = { refreshToken, nonce: Buffer.from(random.bytes(16)).toString('base64url') };
      }
      return present.nonce;
    },
    discard() {
      present = undefined;
    },
  };
}
