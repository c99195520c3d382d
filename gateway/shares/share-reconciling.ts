import { minute } from '../../shared/clock.ts';
import { GatewayError, wordsOf } from '../gateway-error.ts';
import type { SharedDashboard } from '../service-client.ts';
import { adoptShares } from './share-adopting.ts';
import { endAllShares, finishEnding, isHeld } from './share-ending.ts';
import { followChanges } from './share-changing.ts';
import { completeInterrupted } from './share-making.ts';
import type { ShareParts } from './share-parts.ts';
import type { ShareRecord } from './share-records.ts';

/** A share made a moment ago need not be in the list yet. */
const settled = minute;

/**
 * Keeps this side in step with the service: what is no longer shared goes with its service user, also when it ended
 * while this gateway was off; what other gateways of the system share is taken up; what could not be finished is tried
 * again; what a crash interrupted is taken up.
 * @returns ids of the shares that this gateway cannot serve
 * @throws GatewayError when the service cannot be asked; nothing is removed then
 */
export async function reconcileShares(parts: ShareParts): Promise<string[]> {
  const { records, credentials, service, log, clock } = parts;
  const mine = await records.list();
  const now = await credentials.read();
  if (now?.state === 'deleted' || now?.state === 'disconnecting') {
    await endAllShares(parts);
    return [];
  }
  // Expired, revoked, or moved away because it was damaged: an approval brings the shares back.
  const systemId = now?.state === 'connected' ? now.systemId : undefined;
  const listed = systemId === undefined ? [] : await service.shares();
  const isOver = systemId === undefined ? async () => false : overChecker(parts, listed, systemId);
  const unserved = systemId === undefined ? [] : await adoptShares(parts, systemId, listed);
  for (const record of mine) {
    try {
      if (record.state === 'ending') {
        // The service may know a share that was given up without its answer; adopting looks for it.
        const known = !record.id.startsWith('making-');
        // It cannot be told while the credentials are expired or revoked: an approval brings the chance back.
        const unanswered = !known && record.serviceUser === undefined;
        if ((known || unanswered) && now !== undefined && systemId === undefined) continue;
        if (unanswered && Math.abs(clock.now() - record.createdAt) < settled) continue;
        await finishEnding(parts, record, known && record.systemId === systemId);
      }
      if (isHeld(record) && (await isOver(record))) {
        // First on disk, so that it stays over even if the application does not answer.
        await records.write({ ...record, state: 'ending' });
        await finishEnding(parts, record, false);
        log.info('share ended', { shareId: record.id });
      }
    } catch (error) {
      log.warn('share not removed yet', { shareId: record.id, why: wordsOf(error) });
    }
  }
  if (systemId !== undefined && mine.some(({ state }) => state === 'making'))
    await completeInterrupted(parts, systemId);
  if (systemId !== undefined) await followChanges(parts, listed);
  return unserved;
}

function overChecker(
  { service, clock }: ShareParts,
  listed: readonly SharedDashboard[],
  systemId: string,
): (record: ShareRecord) => Promise<boolean> {
  const status = new Map(listed.map((share) => [share.id, share.status]));
  return async (record) => {
    if (record.systemId !== systemId) return true;
    const known = status.get(record.id);
    // An expired share can be given more time until the service has ended it.
    if (known !== undefined) return known === 'ended';
    if (Math.abs(clock.now() - record.createdAt) < settled) return false;
    // Only when the service says so of this very share: a list with a gap must not end one.
    try {
      return (await service.share(record.id)).status === 'ended';
    } catch (error) {
      if (error instanceof GatewayError && error.code === 'not-found') return true;
      throw error;
    }
  };
}
