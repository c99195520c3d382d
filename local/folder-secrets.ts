import { day, type Clock, type Random } from '../shared/clock.ts';
import { openFileSecretStore } from '../shared/secrets/file-secret-store.ts';
import { readSecretFile } from '../shared/secrets/secret-file.ts';
import type { SecretName } from '../shared/secrets/secret-store.ts';
import { madeHere, rotated, type VaultSecrets } from './azure/vault-secrets.ts';

/** The secrets of one machine, under the commands that a vault has. @param file of `openFileSecretStore` */
export function createFolderSecrets({
  file,
  clock,
  random,
}: {
  file: string;
  clock: Clock;
  random: Random;
}): Omit<VaultSecrets, 'put'> {
  const secrets = openFileSecretStore({ file, clock, random });
  return {
    async makeMissing() {
      const present = readSecretFile(file);
      const missing = madeHere.filter((name) => present[name] === undefined);
      for (const name of missing) await secrets.current(name);
      return missing;
    },
    async rotateOlderThan(days) {
      const present = readSecretFile(file);
      const isOld = (name: SecretName) => {
        const [newest] = present[name] ?? [];
        return newest !== undefined && clock.now() - Date.parse(newest.createdAt) >= days * day;
      };
      const old = rotated.filter(isOld);
      for (const name of old) await secrets.rotate(name);
      return old;
    },
    rotate: async (name) => void (await secrets.rotate(name)),
    withdraw: async (name) => void (await secrets.withdraw(name)),
  };
}
