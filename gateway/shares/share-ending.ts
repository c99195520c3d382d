import { GatewayError, wordsOf } from '../gateway-error.ts';
import type { ShareParts } from './share-parts.ts';
import type { MadeRecord, ShareRecord } from './share-records.ts';

/**
 * Ends a share: from the first write on this gateway refuses its requests, whatever the service or the application say.
 * What cannot be done now, since one of them does not answer, {@link reconcileShares} does later.
 * @throws GatewayError `not-found`, or when the service could not be told; nothing is shown any more all the same
 */
export async function endShare(parts: ShareParts, id: string): Promise<void> {
  const { records, service } = parts;
  const record = await records.read(id);
  if (record === undefined || record.state === 'making') {
    // Made by another gateway of this system, or not at all.
    if (!(await service.deleteShare(id))) throw new GatewayError('not-found', `There is no share ${id}.`);
    return;
  }
  await records.write({ ...record, state: 'ending' });
  try {
    await service.deleteShare(id);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    throw new GatewayError(
      error.code,
      `${wordsOf(error)}\nThe share is closed here, and \`run\` tells the service as soon as it can be reached.`,
      { cause: error },
    );
  }
  await tryFinish(parts, record);
}

/** Ends every share on this side, after the system was disconnected or goes on without this gateway. */
export async function endAllShares(parts: ShareParts): Promise<void> {
  const all = await parts.records.list();
  for (const record of all) if (isHeld(record)) await parts.records.write({ ...record, state: 'ending' });
  for (const record of all) await tryFinish(parts, record);
}

/** Whether this gateway serves the share, or is about to. */
export const isHeld = (record: ShareRecord): record is MadeRecord =>
  record.state === 'active' || record.state === 'adopting';

/** Removes the service user and the record. @throws GatewayError when the application or the service cannot be reached */
export async function finishEnding(
  { records, service, adapter }: ShareParts,
  record: ShareRecord,
  tellService: boolean,
): Promise<void> {
  if (tellService) await service.deleteShare(record.id);
  if (record.state !== 'making' && record.key !== undefined) await records.noteOver(record.key);
  if (record.serviceUser) await adapter.deleteServiceUser(record.serviceUser.name);
  await records.remove(record.id);
}

async function tryFinish(parts: ShareParts, record: ShareRecord): Promise<void> {
  try {
    await finishEnding(parts, record, false);
  } catch (error) {
    parts.log.warn('service user not removed yet', { shareId: record.id, why: wordsOf(error) });
  }
}
