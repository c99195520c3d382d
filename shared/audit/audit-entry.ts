import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Instant } from '../clock.ts';
import { instantSchema } from '../store/document-fields.ts';
import { auditActions, type AuditAction } from './audit-actions.ts';

export interface AuditActor {
  readonly kind: 'account' | 'system' | 'gateway' | 'recipient' | 'service';
  readonly id: string;
  /** For people: an address or a name, as it was then. */
  readonly label?: string | undefined;
}

export interface AuditSubject {
  readonly kind: 'system' | 'share' | 'gateway' | 'account' | 'organization' | 'backup';
  readonly id: string;
  readonly label?: string | undefined;
}

/** One thing that happened. Each entry holds the hash of the one before it, so that none can be changed or lost. */
export interface AuditEntry {
  /** Place in the chain, 12 digits; the first is 1. */
  readonly id: string;
  /** The organization, or `service`. */
  readonly pk: string;
  readonly schemaVersion: 1;
  readonly at: Instant;
  readonly actor: AuditActor;
  readonly action: AuditAction;
  readonly subject?: AuditSubject | undefined;
  readonly details: Readonly<Record<string, string | number | boolean>>;
  /** Of the entry before; of the first, 64 zeros. */
  readonly previous: string;
  /** SHA-256, in hex, of this entry without this member, members in the order of {@link sealedText}. */
  readonly hash: string;
}

export const auditEntrySchema: z.ZodType<AuditEntry> = z.object({
  id: z.string().regex(/^\d{12}$/),
  pk: z.string(),
  schemaVersion: z.literal(1),
  at: instantSchema,
  actor: z.object({
    kind: z.enum(['account', 'system', 'gateway', 'recipient', 'service']),
    id: z.string(),
    label: z.string().optional(),
  }),
  action: z.enum(auditActions),
  subject: z
    .object({
      kind: z.enum(['system', 'share', 'gateway', 'account', 'organization', 'backup']),
      id: z.string(),
      label: z.string().optional(),
    })
    .optional(),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  previous: z.string(),
  hash: z.string(),
});

export const chainStart = '0'.repeat(64);

type Unsealed = Omit<AuditEntry, 'hash'>;

/** The bytes that a hash covers: one JSON array, so that no value can pass for another's. */
export function sealedText({
  id,
  pk,
  schemaVersion,
  at,
  actor,
  action,
  subject,
  details,
  previous,
}: Unsealed): string {
  const sorted = Object.entries(details).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([
    schemaVersion,
    pk,
    id,
    at,
    [actor.kind, actor.id, actor.label ?? null],
    action,
    subject ? [subject.kind, subject.id, subject.label ?? null] : null,
    sorted,
    previous,
  ]);
}

export const seal = (entry: Unsealed): AuditEntry => ({
  ...entry,
  hash: createHash('sha256').update(sealedText(entry)).digest('hex'),
});
