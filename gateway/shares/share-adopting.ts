import { wordsOf } from '../gateway-error.ts';
import type { SharedDashboard } from '../service-client.ts';
import { openCopy } from './share-copy.ts';
import type { ShareParts } from './share-parts.ts';

/**
 * Takes up the shares that other gateways of the system made, so that this one can serve them, too. What a maker gave
 * up without an answer from the service is ended there instead.
 * @returns ids of the shares that this gateway cannot serve
 * @throws GatewayError when the service cannot be asked
 */
export async function adoptShares(
  parts: ShareParts,
  systemId: string,
  listed: readonly SharedDashboard[],
): Promise<string[]> {
  const { records, service, seal, clock, log } = parts;
  const unserved: string[] = [];
  for (const { id, status } of listed) {
    if ((status !== 'active' && status !== 'paused') || (await records.read(id))) continue;
    const { sealed, dashboard, allowlist } = await service.shareRecord(id);
    try {
      if (sealed === undefined) throw new Error('it was made by a gateway that did not seal it for others');
      const { key, serviceUser, changedAt } = await openCopy(seal, systemId, sealed, {
        dashboard,
        allowlist,
      });
      const making = await records.read(`making-${key}`);
      // Being made by another process of this gateway just now.
      if (making?.state === 'making') continue;
      if (making) {
        await service.deleteShare(id);
        continue;
      }
      await records.write({
        id,
        state: 'active',
        systemId,
        dashboard,
        allowlist,
        ...(serviceUser && {
          serviceUser: {
            name: serviceUser.name,
            sealedPassword: await seal.seal(serviceUser.password, serviceUser.name),
          },
        }),
        createdAt: clock.now(),
        ...(changedAt !== undefined && { changedAt }),
      });
      log.info('share of another gateway taken up', { shareId: id });
    } catch (error) {
      unserved.push(id);
      log.warn('share of another gateway cannot be served', { shareId: id, why: wordsOf(error) });
    }
  }
  return unserved;
}
