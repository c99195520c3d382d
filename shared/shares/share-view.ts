import { z } from 'zod';
import type { Instant } from '../clock.ts';
import { instantSchema } from '../store/document-fields.ts';
import type { Share } from './share.ts';
import { statusAt } from './share.ts';

/** The origin of one share: its scheme is the portal's. */
export function shareOrigin(shareId: string, site: { publicOrigin: string; shareDomain: string }): string {
  return `${new URL(site.publicOrigin).protocol}//${shareId}.${site.shareDomain}`;
}

/** A share as the API shows it to its system. Once it has ended it keeps no recipients and no content. */
export const shareViewSchema = z.object({
  id: z.string(),
  url: z.url().describe('The origin of the share, where its recipients see the dashboard.'),
  status: z.enum(['active', 'paused', 'expired', 'ended']),
  dashboard: z.object({
    id: z.string(),
    title: z.string(),
    entryPath: z.string(),
    items: z.array(z.string()).readonly(),
  }),
  recipients: z.array(
    z.object({
      email: z.string().meta({ format: 'email' }),
      invitation: z.enum(['queued', 'sent', 'failed']),
      firstOpenedAt: z.exactOptional(instantSchema),
      lastOpenedAt: z.exactOptional(instantSchema),
    }),
  ),
  sharedBy: z.object({ name: z.string() }),
  allowlistId: z.string().describe('Hash of the allowlist: changes with it.'),
  gatewayAllowlistId: z
    .exactOptional(z.string())
    .describe('Of the one that the gateways accepted, while a change made in the portal waits for them.'),
  message: z.exactOptional(z.string()),
  description: z.exactOptional(z.string()),
  createdAt: instantSchema,
  expiresAt: z.exactOptional(instantSchema),
  endedAt: z.exactOptional(instantSchema),
});

export type ShareView = z.infer<typeof shareViewSchema>;

export function shareView(
  share: Share,
  site: { publicOrigin: string; shareDomain: string },
  now: Instant,
): ShareView {
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
    allowlistId: share.allowlistId,
    ...(share.gatewayAllowlistId !== undefined && { gatewayAllowlistId: share.gatewayAllowlistId }),
    ...(share.message !== undefined && { message: share.message }),
    ...(share.description !== undefined && { description: share.description }),
    createdAt: share.createdAt,
    ...(share.expiresAt && { expiresAt: share.expiresAt }),
    ...(share.endedAt && { endedAt: share.endedAt }),
  };
}
