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
  /** `disconnected` with its system; `removed` alone, while the system goes on. */
  readonly state: 'active' | 'revoked' | 'disconnected' | 'removed';
  /** Why it is no longer active, in words. */
  readonly stateReason?: string | undefined;
  /** Since when. */
  readonly stateAt?: Instant | undefined;
  /** Of the newest key issued; 0 before the first. */
  readonly generation: number;
  /** Hash of the key of this generation that is known to have arrived, once it or its token was used. */
  readonly arrivedKeyHash?: string | undefined;
  /** Hash of the key that the newest one replaced. */
  readonly previousKeyHash?: string | undefined;
  /** Hashes of the keys that were renewed before that one, newest first, without a gap. */
  readonly olderKeyHashes?: readonly string[] | undefined;
  /** When the newest key that is known to have been in the gateway's hands was issued; seconds since 1970. */
  readonly heldKeyIssuedAt?: number | undefined;
  /** Hashes of the renewals that the holder has attempted, newest first (`RenewalAttempt`). */
  readonly attempts?: readonly string[] | undefined;
  /** Since when attempts of the holder are known to be missing in `attempts`, for the record was restored. */
  readonly attemptsMissingSince?: Instant | undefined;
  /** Attempts with older keys that came while some were missing; the holder's next renewal tells whose they were. */
  readonly unexplained?: readonly UnexplainedAttempt[] | undefined;
  /** Of the key or token by which a theft was found. */
  readonly theftGeneration?: number | undefined;
  /** When the theft was found; until audit and owners were told of it. */
  readonly untoldSince?: Instant | undefined;
  /** When owners and admins were told that it asks to be approved again; until it is. */
  readonly askedAt?: Instant | undefined;
  /** When it was approved again last. */
  readonly approvedAt?: Instant | undefined;
  /** When and from which address it fetched leave to listen; noted a few times an hour. */
  readonly seenAt?: Instant | undefined;
  readonly seenFrom?: string | undefined;
  readonly createdAt: Instant;
  readonly renewedAt?: Instant | undefined;
  /** When owners hear of its silence, unless it renews before; absent once they have. */
  readonly silentAt?: Instant | undefined;
}

export interface UnexplainedAttempt {
  readonly hash: string;
  /** Of the key that came with it. */
  readonly generation: number;
}

export const gatewayRecordSchema: z.ZodType<GatewayRecord> = z.object({
  id: identifier<GatewayId>(),
  pk: identifier<GatewayId>(),
  schemaVersion: z.literal(1),
  systemId: identifier<SystemId>(),
  organizationId: identifier<OrganizationId>(),
  name: z.string(),
  application: z.string().optional(),
  state: z.enum(['active', 'revoked', 'disconnected', 'removed']),
  stateReason: z.string().optional(),
  stateAt: instantSchema.optional(),
  generation: z.number().int().min(0),
  arrivedKeyHash: z.string().optional(),
  previousKeyHash: z.string().optional(),
  olderKeyHashes: z.array(z.string()).optional(),
  heldKeyIssuedAt: z.number().int().optional(),
  attempts: z.array(z.string()).optional(),
  attemptsMissingSince: instantSchema.optional(),
  unexplained: z.array(z.object({ hash: z.string(), generation: z.number().int() })).optional(),
  theftGeneration: z.number().int().optional(),
  untoldSince: instantSchema.optional(),
  askedAt: instantSchema.optional(),
  approvedAt: instantSchema.optional(),
  seenAt: instantSchema.optional(),
  seenFrom: z.string().optional(),
  createdAt: instantSchema,
  renewedAt: instantSchema.optional(),
  silentAt: instantSchema.optional(),
});
