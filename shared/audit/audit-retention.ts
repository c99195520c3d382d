import { day, instant, type Clock } from '../clock.ts';
import type { AuditLog } from './audit-log.ts';

/**
 * Removes what is older than the audit is kept. A day's grace gathers what goes, so that an organization gets one
 * entry about it a day rather than one a run. Safe to run twice at once.
 * @param most entries of one run @returns how many went
 */
export async function pruneAudit(audit: AuditLog, clock: Clock, days: number, most: number): Promise<number> {
  const before = instant(clock.now() - days * day);
  let removed = 0;
  for (const organizationId of await audit.withEntriesBefore(instant(clock.now() - (days + 1) * day))) {
    if (removed >= most) break;
    removed += await audit.prune(organizationId, before, most - removed);
  }
  return removed;
}
