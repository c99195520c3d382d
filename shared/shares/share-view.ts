import type { Instant } from '../clock.ts';
import type { Share } from './share.ts';
import { statusAt } from './share.ts';

/** The origin of one share: its scheme is the portal's. */
export function shareOrigin(shareId: string, site: { publicOrigin: string; shareDomain: string }): string {
  return `${new URL(site.publicOrigin).protocol}//${shareId}.${site.shareDomain}`;
}

/** A share as the API shows it to its system. */
export function shareView(share: Share, site: { publicOrigin: string; shareDomain: string }, now: Instant) {
  return {
    id: share.id,
    url: `${shareOrigin(share.id, site)}/`,
    status: statusAt(share, now),
    dashboard: share.dashboard,
    recipients: share.recipients.map(({ email, invitation, firstOpenedAt, lastOpenedAt }) => ({
      email,
      invitation: invitation.state,
      ...(firstOpenedAt && { firstOpenedAt }),
      ...(lastOpenedAt && { lastOpenedAt }),
    })),
    sharedBy: { name: share.sharedBy },
    ...(share.message !== undefined && { message: share.message }),
    ...(share.description !== undefined && { description: share.description }),
    createdAt: share.createdAt,
    ...(share.expiresAt && { expiresAt: share.expiresAt }),
    ...(share.endedAt && { endedAt: share.endedAt }),
  };
}

export type ShareView = ReturnType<typeof shareView>;
