import type { RenewalReason } from './device-grant.ts';

/** Why a gateway asks again, as a sentence for owners and admins. */
export const renewalReasonText: Record<RenewalReason, string> = {
  expired: 'Its credentials expired: it was offline for more than 30 days.',
  reused:
    'Its credentials were revoked, because one of its keys was used by two parties: its machine was put back to an older snapshot, or somebody copied it.',
  revoked: 'Its credentials were revoked.',
  superseded:
    'It holds credentials from before the last approval: its machine was put back to an older snapshot, or it is a copy.',
  none: 'It asks although its credentials still hold: its records may have been lost.',
};
