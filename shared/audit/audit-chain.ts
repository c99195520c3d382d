import { chainStart, seal, type AuditEntry } from './audit-entry.ts';

export type ChainVerdict =
  | { readonly intact: true; readonly entries: number }
  /** `at` is the id of the first entry that does not follow from the one before it. */
  | { readonly intact: false; readonly at: string; readonly why: 'missing' | 'changed' | 'not-linked' };

/**
 * Checks a chain, oldest entry first. Needs nothing but the entries.
 * @param from what the chain must begin with: 1, or the first entry kept after retention
 */
export function verifyChain(entries: Iterable<AuditEntry>, from = 1): ChainVerdict {
  let expected = from;
  let previous = from === 1 ? chainStart : undefined;
  for (const entry of entries) {
    if (Number(entry.id) !== expected) return { intact: false, at: entry.id, why: 'missing' };
    if (seal(entry).hash !== entry.hash) return { intact: false, at: entry.id, why: 'changed' };
    if (previous !== undefined && entry.previous !== previous) {
      return { intact: false, at: entry.id, why: 'not-linked' };
    }
    previous = entry.hash;
    expected++;
  }
  return { intact: true, entries: expected - from };
}
