import { createHash } from 'node:crypto';
import { z } from 'zod';
import { instantSchema } from '../store/document-fields.ts';
import { auditActions } from './audit-actions.ts';
import { canonicalJson } from './canonical-json.ts';

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const party = z.object({ id: z.string(), label: z.string().optional() });

/** One event as it is stored: the partition is the organization, the id the place in its chain. */
export const auditEntrySchema = z.object({
  id: z.string().regex(/^\d{12}$/),
  pk: z.string(),
  schemaVersion: z.literal(1),
  /** Random; tells a writer whether the entry at a place is its own. */
  key: z.string(),
  at: instantSchema,
  actor: party.extend({ kind: z.enum(['account', 'system', 'gateway', 'recipient', 'service']) }),
  action: z.enum(auditActions),
  subject: party.extend({ kind: z.string(), systemId: z.string().optional() }).optional(),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  /** Hash of the entry before; zeros in the first. */
  previous: hash,
  hash,
});

export type AuditEntry = z.infer<typeof auditEntrySchema>;
export type UnsealedAuditEntry = Omit<AuditEntry, 'hash'>;

export const firstPrevious = '0'.repeat(64);
export const sequenceId = (sequence: number): string => String(sequence).padStart(12, '0');
export const sequenceOf = ({ id }: Pick<AuditEntry, 'id'>): number => Number(id);

/** SHA-256, in hex, over the canonical JSON (RFC 8785) of everything in the entry but the hash itself. */
export function auditHash({ hash: _, ...entry }: UnsealedAuditEntry & { hash?: string }): string {
  return createHash('sha256').update(canonicalJson(entry)).digest('hex');
}
