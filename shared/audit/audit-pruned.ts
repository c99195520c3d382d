import { sequenceOf, type AuditEntry } from './audit-entry.ts';

/** What an entry `audit.pruned` says of the last entry that went: its place and its hash. */
export const prunedThrough = (last: AuditEntry): { through: number; hash: string } => ({
  through: sequenceOf(last),
  hash: last.hash,
});

/** It announces that this entry goes, with all before it. */
export const isPrunedThrough = (entry: AuditEntry, last: Pick<AuditEntry, 'id' | 'hash'>): boolean =>
  entry.action === 'audit.pruned' &&
  entry.details?.['through'] === sequenceOf(last) &&
  entry.details['hash'] === last.hash;
