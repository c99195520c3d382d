import { auditHash, firstPrevious, sequenceOf, type AuditEntry } from './audit-entry.ts';

export type ChainVerdict =
  | { readonly sound: true; readonly entries: number; readonly first: number; readonly headHash: string }
  | { readonly sound: false; readonly sequence: number; readonly reason: ChainBreak };

export type ChainBreak =
  | 'changed' /* the entry is not what was hashed */
  | 'missing' /* entries before this one are gone */
  | 'repeated' /* this place in the chain was taken already */
  | 'unlinked' /* the entry before is not the one this one was written after */
  | 'foreign'; /* the entry belongs to another organization */

/**
 * Checks the entries of one organization, oldest first, and names the first broken link. A chain whose
 * beginning was pruned is sound from its first entry on; `first` says where that is. What was cut off at
 * the end shows only against a `headHash` noted elsewhere.
 */
export function verifyChain(entries: Iterable<AuditEntry>): ChainVerdict {
  let before: AuditEntry | undefined;
  let count = 0;
  let first = 1;
  for (const entry of entries) {
    const sequence = sequenceOf(entry);
    if (before === undefined) first = sequence;
    const reason = brokenLink(before, entry);
    if (reason !== undefined) return { sound: false, sequence, reason };
    before = entry;
    count++;
  }
  return { sound: true, entries: count, first, headHash: before?.hash ?? firstPrevious };
}

function brokenLink(before: AuditEntry | undefined, entry: AuditEntry): ChainBreak | undefined {
  const sequence = sequenceOf(entry);
  if (before !== undefined) {
    if (entry.pk !== before.pk) return 'foreign';
    if (sequence <= sequenceOf(before)) return 'repeated';
    if (sequence > sequenceOf(before) + 1) return 'missing';
  }
  if (auditHash(entry) !== entry.hash) return 'changed';
  const expected = before?.hash ?? (sequence === 1 ? firstPrevious : entry.previous);
  return entry.previous === expected ? undefined : 'unlinked';
}
