import { instant } from '../../shared/clock.ts';
import { parseEmailAddress } from '../../shared/email/email-address.ts';
import { latestEnd, policyFaults, type Policy } from '../../shared/policies/policy.ts';
import { GatewayError } from '../gateway-error.ts';
import type { ShareWish } from './share-making.ts';

/**
 * Refuses here what the organization does not allow, before anything is made in the application.
 * @param now milliseconds since 1970
 * @throws GatewayError `refused`
 */
export function requireAllowed(
  policy: Policy,
  { recipients, expiresAt, sharedBy }: Pick<ShareWish, 'recipients' | 'expiresAt' | 'sharedBy'>,
  now: number,
): void {
  const createdAt = instant(now);
  const ends = expiresAt === undefined ? NaN : Date.parse(expiresAt);
  const faults = policyFaults(policy, {
    // What is no address at all the service names.
    recipients: recipients.flatMap((email) => parseEmailAddress(email) ?? []),
    createdAt,
    // Without an end the service gives it the latest that is allowed.
    expiresAt: Number.isNaN(ends) ? latestEnd(policy, createdAt) : instant(ends),
    sharedBy,
  });
  if (faults.length === 0) return;
  const words = faults.map(({ detail }) => detail).join(' ');
  throw new GatewayError('refused', `The policy of the organization does not allow this. ${words}`);
}
