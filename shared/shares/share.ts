import { z } from 'zod';
import type { AuditSubject } from '../audit/audit-log.ts';
import { tellingShape, type Telling } from '../audit/untold-events.ts';
import type { Instant } from '../clock.ts';
import { emailAddressSchema, type EmailAddress } from '../email/email-address.ts';
import type { AccountId, OrganizationId, ShareId, SystemId } from '../identifier.ts';
import { identifier, instantSchema } from '../store/document-fields.ts';

export interface Dashboard {
  /** The on-prem application's own id. */
  readonly id: string;
  readonly title: string;
  /** Where a viewer starts: path and query on the on-prem application. */
  readonly entryPath: string;
  /** Ids of what the dashboard shows; the service user may read these only. */
  readonly items: readonly string[];
}

/** An invitation is written with its share, and swept until it is delivered or given up (an outbox). */
export interface Invitation {
  readonly state: 'queued' | 'sent' | 'failed';
  /** Names this one sending towards the provider, so that a retry sends no second mail. */
  readonly operationId: string;
  readonly attempts: number;
  /** Not before; present while queued. */
  readonly dueAt?: Instant | undefined;
}

export interface Recipient {
  readonly email: EmailAddress;
  readonly accountId: AccountId;
  readonly addedAt: Instant;
  readonly invitation: Invitation;
  readonly firstOpenedAt?: Instant | undefined;
  readonly lastOpenedAt?: Instant | undefined;
}

/** One dashboard of one system, shown to a list of recipients. An ended share keeps no content. */
export interface Share extends Telling {
  readonly id: ShareId;
  readonly pk: ShareId;
  readonly schemaVersion: 1;
  readonly systemId: SystemId;
  readonly organizationId: OrganizationId;
  readonly status: 'active' | 'paused' | 'ended';
  readonly dashboard: Dashboard;
  readonly recipients: readonly Recipient[];
  readonly sharedBy: string;
  readonly message?: string | undefined;
  readonly description?: string | undefined;
  readonly createdAt: Instant;
  readonly expiresAt?: Instant | undefined;
  readonly endedAt?: Instant | undefined;
  readonly endedBecause?: 'deleted' | 'expired' | 'disconnected' | undefined;
  /** Which allowlist document holds; content-addressed, so it can be cached for ever. */
  readonly allowlistId: string;
  /** For the other gateways of the system; this service cannot open it. */
  readonly sealed?: string | undefined;
  /** The one that the gateway enforces, while it has not accepted the other: only what both admit passes. */
  readonly gatewayAllowlistId?: string | undefined;
  /** When the invitation sweep must look at it: the earliest `dueAt`. */
  readonly sweepAt?: Instant | undefined;
  /** Hash of the creator's Idempotency-Key and request. */
  readonly idempotency?: string | undefined;
  /** When a restore brought it back, paused; until an owner confirms that it may be open. */
  readonly heldSince?: Instant | undefined;
}

const dashboardSchema = z.object({
  id: z.string(),
  title: z.string(),
  entryPath: z.string(),
  items: z.array(z.string()),
});

const recipientSchema = z.object({
  email: emailAddressSchema,
  accountId: identifier<AccountId>(),
  addedAt: instantSchema,
  invitation: z.object({
    state: z.enum(['queued', 'sent', 'failed']),
    operationId: z.string(),
    attempts: z.number().int(),
    dueAt: instantSchema.optional(),
  }),
  firstOpenedAt: instantSchema.optional(),
  lastOpenedAt: instantSchema.optional(),
});

export const shareSchema: z.ZodType<Share> = z.object({
  id: identifier<ShareId>(),
  pk: identifier<ShareId>(),
  schemaVersion: z.literal(1),
  systemId: identifier<SystemId>(),
  organizationId: identifier<OrganizationId>(),
  status: z.enum(['active', 'paused', 'ended']),
  dashboard: dashboardSchema,
  recipients: z.array(recipientSchema),
  sharedBy: z.string(),
  message: z.string().optional(),
  description: z.string().optional(),
  createdAt: instantSchema,
  expiresAt: instantSchema.optional(),
  endedAt: instantSchema.optional(),
  endedBecause: z.enum(['deleted', 'expired', 'disconnected']).optional(),
  allowlistId: z.string(),
  sealed: z.string().optional(),
  gatewayAllowlistId: z.string().optional(),
  sweepAt: instantSchema.optional(),
  idempotency: z.string().optional(),
  heldSince: instantSchema.optional(),
  ...tellingShape,
});

/** What a share is at a moment: an expired one is ended although no timer has said so yet. */
export const statusAt = (share: Share, now: Instant): Share['status'] | 'expired' =>
  share.status !== 'ended' && share.expiresAt !== undefined && share.expiresAt <= now
    ? 'expired'
    : share.status;

/** The next moment at which the sweep has work on these recipients. */
export const sweepAtOf = (recipients: readonly Recipient[]): Instant | undefined =>
  recipients
    .flatMap(({ invitation }) =>
      invitation.state === 'queued' && invitation.dueAt ? [invitation.dueAt] : [],
    )
    .sort()[0];

/** A share as the audit names it. */
export const shareSubject = ({
  id,
  systemId,
  dashboard,
}: Pick<Share, 'id' | 'systemId' | 'dashboard'>): AuditSubject => ({
  kind: 'share',
  id,
  label: dashboard.title,
  systemId,
});
