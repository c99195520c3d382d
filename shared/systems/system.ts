import { z } from 'zod';
import { tellingShape, type Telling } from '../audit/untold-events.ts';
import type { Instant } from '../clock.ts';
import type { AccountId, OrganizationId, SystemId } from '../identifier.ts';
import { identifier, instantSchema } from '../store/document-fields.ts';

/** One connected on-prem installation. */
export interface System extends Telling {
  readonly id: SystemId;
  readonly pk: SystemId;
  readonly schemaVersion: 1;
  readonly organizationId: OrganizationId;
  readonly name: string;
  readonly slug: string;
  /** `disconnecting` until its gateways and shares are ended; it has no access from then on. */
  readonly state: 'connected' | 'disconnecting' | 'disconnected';
  readonly application?: string | undefined;
  readonly connectedBy: AccountId;
  readonly connectedAt: Instant;
  readonly disconnectedAt?: Instant | undefined;
  /** Who disconnected it, in words. */
  readonly disconnectedBy?: string | undefined;
  /** When a restore brought it back; until an owner confirms it, its gateways renew and nobody sees its shares. */
  readonly heldSince?: Instant | undefined;
}

export const systemSchema: z.ZodType<System> = z.object({
  id: identifier<SystemId>(),
  pk: identifier<SystemId>(),
  schemaVersion: z.literal(1),
  organizationId: identifier<OrganizationId>(),
  name: z.string(),
  slug: z.string(),
  state: z.enum(['connected', 'disconnecting', 'disconnected']),
  application: z.string().optional(),
  connectedBy: identifier<AccountId>(),
  connectedAt: instantSchema,
  disconnectedAt: instantSchema.optional(),
  disconnectedBy: z.string().optional(),
  heldSince: instantSchema.optional(),
  ...tellingShape,
});
