import { wordsOf } from '../gateway-error.ts';
import type { SharedDashboard } from '../service-client.ts';
import { newServiceUserPassword, serviceUserName } from './service-user-secret.ts';
import { openCopy } from './share-copy.ts';
import type { ShareParts } from './share-parts.ts';
import type { MadeRecord } from './share-records.ts';

/**
 * Takes up the shares that other gateways of the system made, so that this one can serve them, too, each with a service
 * user of its own. What a maker gave up without an answer from the service is ended there instead.
 * @returns ids of the shares that this gateway cannot serve
 * @throws GatewayError when the service cannot be asked
 */
export async function adoptShares(
  parts: ShareParts,
  systemId: string,
  listed: readonly SharedDashboard[],
): Promise<string[]> {
  const { records, adapter, seal, log } = parts;
  const unserved: string[] = [];
  for (const { id, status } of listed) {
    const known = await records.read(id);
    if ((status !== 'active' && status !== 'paused') || (known && known.state !== 'adopting')) continue;
    try {
      const found = known ?? (await foundShare(parts, systemId, id));
      if (found?.state !== 'adopting') continue;
      // The password is on disk before the application has it, so a crash leaves no user that nobody can remove.
      await records.write(found);
      if (found.serviceUser) {
        const { name, sealedPassword } = found.serviceUser;
        await adapter.createServiceUser(
          { name, password: await seal.open(sealedPassword, name) },
          found.dashboard,
        );
      }
      await records.write({ ...found, state: 'active' });
      log.info('share of another gateway taken up', { shareId: id });
    } catch (error) {
      unserved.push(id);
      log.warn('share of another gateway cannot be served', { shareId: id, why: wordsOf(error) });
    }
  }
  return unserved;
}

/** @returns undefined when this gateway makes the share just now, or gave it up: then it is ended at the service */
async function foundShare(
  { records, service, adapter, seal, clock, random }: ShareParts,
  systemId: string,
  id: string,
): Promise<MadeRecord | undefined> {
  const { sealed, dashboard, allowlist } = await service.shareRecord(id);
  if (sealed === undefined) throw new Error('it was made by a gateway that did not seal it for others');
  const { key, changedAt } = await openCopy(seal, systemId, sealed, { dashboard, allowlist });
  // A service that was broken into could hand out the seal of a share that has ended.
  if (await records.isOver(key)) throw new Error('it was ended here before');
  const making = await records.read(`making-${key}`);
  if (making?.state === 'making') return undefined;
  if (making) {
    await service.deleteShare(id);
    return undefined;
  }
  const name = serviceUserName(key, random);
  return {
    id,
    key,
    state: 'adopting',
    systemId,
    dashboard,
    allowlist,
    ...(adapter.hasUsers && {
      serviceUser: { name, sealedPassword: await seal.seal(newServiceUserPassword(random), name) },
    }),
    createdAt: clock.now(),
    ...(changedAt !== undefined && { changedAt }),
  };
}
