import { hour, minute } from '../shared/clock.ts';
import type { Log } from '../shared/log.ts';
import { backoff } from './backoff.ts';
import { wordsOf } from './gateway-error.ts';
import { isRenewalDue, renewCredentials, type RenewalParts } from './renewal.ts';
import type { Credentials } from './state/credentials.ts';

/** When the daemon renews: once it is due, and after a failure again, later each time. */
export interface RenewalSchedule {
  /** Renews if that is due and no failure was too short ago. Failures in a row are logged once. */
  attend(credentials: Credentials): Promise<void>;
  /** Milliseconds since 1970; no attempt is made before. */
  notBefore(): number;
}

const shortestPatience = hour;
const longestPatience = 8 * hour;

/**
 * The longest wait between attempts. As long as the access token lives for days nothing is urgent, and after a long
 * outage all gateways are overdue: those hours then spread their renewals, and with them those of the days after.
 * @returns milliseconds
 */
const patience = (tokenLife: number): number =>
  Math.min(longestPatience, Math.max(shortestPatience, tokenLife / 12));

export function createRenewalSchedule(parts: RenewalParts, log: Log): RenewalSchedule {
  const { clock, random } = parts;
  let failures = 0;
  let notBefore = 0;
  return {
    notBefore: () => notBefore,
    async attend(credentials) {
      const now = clock.now();
      if (credentials.state !== 'connected' || !isRenewalDue(credentials, now)) return;
      // One further away than was ever planned shows a clock that was set back.
      if (now < notBefore && notBefore - now <= longestPatience + minute) return;
      try {
        const after = await renewCredentials(parts, (current) => isRenewalDue(current, clock.now()));
        failures = 0;
        if (after?.state === 'connected') log.info('credentials renewed');
        else log.warn('credentials refused', { state: after?.state });
      } catch (error) {
        failures++;
        const cap = patience(credentials.accessTokenExpiresAt - now);
        notBefore = now + minute + backoff(failures, minute, cap, random);
        if (failures === 1) log.warn('renewal failed; it is tried again', { why: wordsOf(error) });
      }
    },
  };
}
