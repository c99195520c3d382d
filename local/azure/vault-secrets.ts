import { z } from 'zod';
import { day, type Clock, type Random } from '../../shared/clock.ts';
import { withdrawsOlder } from '../../shared/secrets/key-vault-secret-store.ts';
import { secretNames, type SecretName } from '../../shared/secrets/secret-store.ts';
import { isKeptForEver } from '../../shared/secrets/version-use.ts';
import type { ResourceManager } from './resource-manager.ts';

const apiVersion = '2025-05-01';

/** So long a version makes new things; the vault warns a month before. */
const lifetime = 365 * day;

/** Those of the relay are Azure's own. */
export const madeHere: readonly SecretName[] = secretNames.filter((name) => !name.startsWith('relay-'));
/** Of these a new version makes the old one worthless within days or weeks. */
export const rotated: readonly SecretName[] = madeHere.filter((name) => !isKeptForEver(name));

const secretSchema = z.object({
  properties: z.object({ attributes: z.object({ created: z.number().int() }) }),
});

export interface VaultSecretsOptions {
  readonly ask: ResourceManager;
  /** Resource id. */
  readonly vaultId: string;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Makes the secrets of a vault through Azure Resource Manager: it takes values and never gives one back, and reaches a
 * vault that has no public network. So whoever deploys can make secrets and read none, and needs no right in the vault.
 */
export function createVaultSecrets({ ask, vaultId, clock, random }: VaultSecretsOptions) {
  const idOf = (name: SecretName) => `${vaultId}/secrets/${name}`;

  /** When the newest version was made, in milliseconds; undefined when there is none. */
  async function madeAt(name: SecretName): Promise<number | undefined> {
    const found = await ask(`look for the secret ${name}`, { method: 'GET', id: idOf(name), apiVersion });
    return found === undefined ? undefined : secretSchema.parse(found).properties.attributes.created * 1000;
  }

  /** A new version; what reads it takes it up by itself. */
  async function put(
    name: SecretName,
    value: string,
    tags?: Readonly<Record<string, string>>,
  ): Promise<void> {
    const expires = Math.floor((clock.now() + lifetime) / 1000);
    const attributes = { enabled: true, ...(rotated.includes(name) && { exp: expires }) };
    const properties = { value, contentType: '32 random bytes, base64', attributes };
    const body = { properties, ...(tags !== undefined && { tags }) };
    await ask(`make the secret ${name}`, { method: 'PUT', id: idOf(name), apiVersion, body });
  }

  const fresh = () => Buffer.from(random.bytes(32)).toString('base64');

  return {
    put,

    /** Makes what is missing, and touches nothing that is there. @returns the names of what was made */
    async makeMissing(): Promise<SecretName[]> {
      const made: SecretName[] = [];
      for (const name of madeHere) {
        if ((await madeAt(name)) !== undefined) continue;
        await put(name, fresh());
        made.push(name);
      }
      return made;
    },

    /** A new version of each that rotates and is as old. @returns the names of those */
    async rotateOlderThan(days: number): Promise<SecretName[]> {
      const made: SecretName[] = [];
      for (const name of rotated) {
        const at = await madeAt(name);
        if (at === undefined || clock.now() - at < days * day) continue;
        await put(name, fresh());
        made.push(name);
      }
      return made;
    },

    /** A new version now, whatever the age, also of those that do not rotate by themselves. */
    rotate: (name: SecretName): Promise<void> => put(name, fresh()),

    /** A new version now, and what any older one made is worth nothing any more. */
    withdraw: (name: SecretName): Promise<void> => put(name, fresh(), withdrawsOlder),
  };
}

export type VaultSecrets = ReturnType<typeof createVaultSecrets>;
