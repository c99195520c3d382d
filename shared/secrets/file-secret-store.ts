import { instant, type Clock, type Random } from '../clock.ts';
import { readSecretFile, withSecretLock, writeSecretFile } from './secret-file.ts';
import type { Secret, SecretName, SecretStore } from './secret-store.ts';
import { versionsInUse } from './version-use.ts';

export interface FileSecretStoreOptions {
  /** One JSON file, mode 0600, made when the first secret is asked for. */
  readonly file: string;
  readonly clock: Clock;
  readonly random: Random;
}

export interface RotatingSecretStore extends SecretStore {
  /** Makes a new current version; the former ones stay. Processes notice at their next look at the file. */
  rotate(name: SecretName): Promise<Secret>;
  /** Makes a new version, and forgets the former ones: what they made is worth nothing any more. */
  withdraw(name: SecretName): Promise<Secret>;
}

/** Secrets of one machine. Each is made the first time it is asked for; processes that ask at once agree. */
export function openFileSecretStore({ file, clock, random }: FileSecretStoreOptions): RotatingSecretStore {
  const make = (): Secret => ({
    version: Buffer.from(random.bytes(9)).toString('base64url'),
    value: random.bytes(32),
    createdAt: instant(clock.now()),
  });

  const add = (
    name: SecretName,
    { onlyFirst = false, keepFormer = true }: { onlyFirst?: boolean; keepFormer?: boolean } = {},
  ): readonly Secret[] =>
    withSecretLock(file, () => {
      const all = readSecretFile(file);
      const present = all[name] ?? [];
      if (onlyFirst && present.length > 0) return present;
      const versions = [make(), ...(keepFormer ? present : [])];
      writeSecretFile(file, { ...all, [name]: versions });
      return versions;
    });

  const versions = async (name: SecretName): Promise<readonly Secret[]> => {
    const all = readSecretFile(file)[name] ?? add(name, { onlyFirst: true });
    return versionsInUse(name, all, clock.now());
  };

  const current = (list: readonly Secret[]): Secret => {
    const [first] = list;
    if (first === undefined) throw new Error('A secret has at least one version.');
    return first;
  };

  return {
    versions,
    current: async (name) => current(await versions(name)),
    version: async (name, version) => (await versions(name)).find((secret) => secret.version === version),
    rotate: async (name) => current(add(name)),
    withdraw: async (name) => current(add(name, { keepFormer: false })),
  };
}
