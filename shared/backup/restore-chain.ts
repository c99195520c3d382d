import {
  auditEntrySchema,
  auditHash,
  sequenceId,
  sequenceOf,
  type AuditEntry,
} from '../audit/audit-entry.ts';
import type { Document, DocumentStore, Etag } from '../store/document-store.ts';

export type ChainPlace =
  | { readonly kind: 'sound' }
  /** Missing or damaged; the ETag of the damaged one. */
  | { readonly kind: 'lost'; readonly entry: AuditEntry; readonly etag: Etag | undefined }
  /** The live chain went another way, so this one cannot be joined to it. */
  | { readonly kind: 'forked' }
  | { readonly kind: 'invalid' };

async function soundEntry(store: DocumentStore, pk: string, sequence: number) {
  const stored = await store.read('audit', pk, sequenceId(sequence));
  const { data } = auditEntrySchema.safeParse(stored?.document);
  return { entry: data && auditHash(data) === data.hash ? data : undefined, etag: stored?.etag };
}

/** Where an entry of a backup belongs in the live chain. Looks at its neighbours only, whatever the order. */
export async function placeInChain(store: DocumentStore, document: Document): Promise<ChainPlace> {
  const { data: entry } = auditEntrySchema.safeParse(document);
  if (entry === undefined || auditHash(entry) !== entry.hash) return { kind: 'invalid' };
  const sequence = sequenceOf(entry);
  const here = await soundEntry(store, entry.pk, sequence);
  if (here.entry) return { kind: here.entry.hash === entry.hash ? 'sound' : 'forked' };
  const [before, after] = await Promise.all([
    soundEntry(store, entry.pk, sequence - 1),
    soundEntry(store, entry.pk, sequence + 1),
  ]);
  const fits =
    (before.entry === undefined || before.entry.hash === entry.previous) &&
    (after.entry === undefined || after.entry.previous === entry.hash);
  return fits ? { kind: 'lost', entry, etag: here.etag } : { kind: 'forked' };
}
