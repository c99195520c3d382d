import { auditHash, firstPrevious, sequenceId, sequenceOf, type AuditEntry } from './audit-entry.ts';
import { isPrunedThrough } from './audit-pruned.ts';

export type ChainVerdict =
  | { readonly sound: true; readonly entries: number; readonly first: number; readonly headHash: string }
  | { readonly sound: false; readonly sequence: number; readonly reason: ChainBreak };

export type ChainBreak =
  | 'changed' /* the entry is not what was hashed */
  | 'missing' /* entries before this one are gone */
  | 'repeated' /* this place in the chain was taken already */
  | 'unlinked' /* the entry before is not the one this one was written after */
  | 'foreign' /* the entry belongs to another organization */
  | 'beginning'; /* entries before this first one are gone, and no entry says that they were pruned */

/**
 * Checks the entries of one organization, oldest first, and names the first broken link. A chain whose
 * beginning was pruned is sound if an entry of it announces that; `first` says where it begins. What was cut off
 * at the end shows only against a `headHash` noted elsewhere.
 */
export function verifyChain(entries: Iterable<AuditEntry>): ChainVerdict {
  let before: AuditEntry | undefined;
  let count = 0;
  let first = 1;
  const pruned = createPruning();
  for (const entry of entries) {
    const sequence = sequenceOf(entry);
    if (before === undefined) first = sequence;
    const reason = brokenLink(before, entry);
    if (reason !== undefined) return { sound: false, sequence, reason };
    pruned.look(entry, before === undefined);
    before = entry;
    count++;
  }
  if (!pruned.explained()) return { sound: false, sequence: first, reason: 'beginning' };
  return { sound: true, entries: count, first, headHash: before?.hash ?? firstPrevious };
}

/** Whether what is missing before the first entry was pruned, wholly or by a run that has not come to its end. */
function createPruning() {
  const gone = new Map<number, string>();
  let explained = true;
  return {
    look(entry: AuditEntry, isFirst: boolean): void {
      if (isFirst && sequenceOf(entry) > 1) {
        explained = false;
        gone.set(sequenceOf(entry) - 1, entry.previous);
      }
      if (explained) return;
      gone.set(sequenceOf(entry), entry.hash);
      const through = entry.action === 'audit.pruned' ? Number(entry.details?.['through']) : Number.NaN;
      const hash = gone.get(through);
      if (hash !== undefined) explained = isPrunedThrough(entry, { id: sequenceId(through), hash });
    },
    explained: () => explained,
  };
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
