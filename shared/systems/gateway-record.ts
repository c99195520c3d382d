import { z } from 'zod';
import type { Instant } from '../clock.ts';
import type { GatewayId, OrganizationId, SystemId } from '../identifier.ts';
import { identifier, instantSchema } from '../store/document-fields.ts';

/** One gateway's credentials: one document, one compare-and-swap a renewal, revocation included. */
export interface GatewayRecord {
  readonly id: GatewayId;
  readonly pk: GatewayId;
  readonly schemaVersion: 1;
  readonly systemId: SystemId;
  readonly organizationId: OrganizationId;
  readonly name: string;
  readonly application?: string | undefined;
  readonly state: 'active' | 'revoked' | 'disconnected';
  /** Why it is revoked, in words for the owner. */
  readonly stateReason?: string | undefined;
  /** Of the newest key issued; 0 before the first. */
  readonly generation: number;
  /** Hash of the key of this generation that is known to have arrived, once it or its token was used. */
  readonly arrivedKeyHash?: string | undefined;
  /** Hash of the key that the newest one replaced. */
  readonly previousKeyHash?: string | undefined;
  readonly createdAt: Instant;
  readonly renewedAt?: Instant | undefined;
}

export const gatewayRecordSchema: z.ZodType<GatewayRecord> = z.object({
  id: identifier<GatewayId>(),
  pk: identifier<GatewayId>(),
  schemaVersion: z.literal(1),
  systemId: identifier<SystemId>(),
  organizationId: identifier<OrganizationId>(),
  name: z.string(),
  application: z.string().optional(),
  state: z.enum(['active', 'revoked', 'disconnected']),
  stateReason: z.string().optional(),
  generation: z.number().int().min(0),
  arrivedKeyHash: z.string().optional(),
  previousKeyHash: z.string().optional(),
  createdAt: instantSchema,
  renewedAt: instantSchema.optional(),
});
