import { day, instant, type Clock } from '../clock.ts';
import { DocumentChanged, type ContainerName, type DocumentStore } from './document-store.ts';

/** Containers whose documents are of no use once expired. */
const perishable: readonly ContainerName[] = [
  // What is left of those that were deleted.
  'accounts',
  'challenges',
  'passwordLinks',
  'halfSignIns',
  'sessions',
  'handoffs',
  'deviceGrants',
  'throttles',
  'refusedCalls',
];

/**
 * Deletes documents that expired a day ago or more, so that "too old" can still be told from "unknown".
 * Safe to run twice at once. @param most documents a container @returns how many were deleted
 */
export async function removeExpired(store: DocumentStore, clock: Clock, most: number): Promise<number> {
  let removed = 0;
  for (const container of perishable) {
    const { items } = await store.query(container, {
      where: [['expiresAt', '<=', instant(clock.now() - day)]],
      orderBy: ['expiresAt', 'asc'],
      limit: most,
    });
    for (const { document, etag } of items) {
      try {
        await store.remove(container, document.pk, document.id, etag);
        removed++;
      } catch (error) {
        if (!(error instanceof DocumentChanged)) throw error;
      }
    }
  }
  return removed;
}
