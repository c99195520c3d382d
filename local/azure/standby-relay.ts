import { z } from 'zod';
import { listenRule } from '../../shared/tunnel/relay-tokens.ts';
import type { ResourceManager } from './resource-manager.ts';

const apiVersion = '2024-01-01';
const keysSchema = z.object({ primaryKey: z.base64() });

/**
 * Gives the relay of the second region the key that gateways listen with at the first. So a failover of the relay
 * changes no secret, which the vault of a region that is lost could not take. A token names its relay, so none opens
 * the other. Doing it again changes nothing.
 *
 * @param relayId resource id of the namespace whose key it is
 * @param standbyId of the one that gets it
 */
export async function alignStandbyRelay({
  ask,
  relayId,
  standbyId,
}: {
  ask: ResourceManager;
  relayId: string;
  standbyId: string;
}): Promise<void> {
  const rule = (id: string) => `${id}/authorizationRules/${listenRule}`;
  const { primaryKey: key } = keysSchema.parse(
    await ask('read the key of the relay', {
      method: 'POST',
      id: `${rule(relayId)}/listKeys`,
      apiVersion,
    }),
  );
  await ask('give the second relay its key', {
    method: 'POST',
    id: `${rule(standbyId)}/regenerateKeys`,
    apiVersion,
    body: { keyType: 'PrimaryKey', key },
  });
}
