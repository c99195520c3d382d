import { z } from 'zod';
import { minute } from '../../shared/clock.ts';
import { listenRule } from '../../shared/tunnel/relay-tokens.ts';
import type { ResourceManager } from './resource-manager.ts';
import type { VaultSecrets } from './vault-secrets.ts';

const apiVersion = '2024-01-01';
const keysSchema = z.object({ primaryKey: z.base64(), secondaryKey: z.base64() });

/** Until then every host uses a new version of a secret: each looks within a minute. */
const takenUp = 2 * minute;

/**
 * Renews both keys of the relay's rule for listeners, so that no token made with an old one opens anything any more.
 * The relay takes either key, so at no moment does the vault hold one that it refuses.
 *
 * @param relayId resource id of the namespace
 */
export async function renewRelayKey({
  ask,
  relayId,
  put,
  sleep,
}: {
  ask: ResourceManager;
  relayId: string;
  put: VaultSecrets['put'];
  sleep: (milliseconds: number) => Promise<void>;
}): Promise<void> {
  const renew = async (keyType: 'PrimaryKey' | 'SecondaryKey') => {
    const id = `${relayId}/authorizationRules/${listenRule}/regenerateKeys`;
    return keysSchema.parse(
      await ask(`renew the ${keyType} of the relay`, { method: 'POST', id, apiVersion, body: { keyType } }),
    );
  };
  await put('relay-listen-key', (await renew('SecondaryKey')).secondaryKey);
  await sleep(takenUp);
  await put('relay-listen-key', (await renew('PrimaryKey')).primaryKey);
}
