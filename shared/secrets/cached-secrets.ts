import { hour, minute, type Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Secret, SecretName, SecretStore } from './secret-store.ts';

const freshFor = 5 * minute;
/** An unknown version is asked for at most this often, so that made-up key ids cost the store nothing. */
const askAgainAfter = minute / 6;
/** How long the store may be out before its secrets count as lost. */
const servedFor = 24 * 30 * hour;

interface Kept {
  readonly versions: readonly Secret[];
  readonly at: number;
}

/**
 * Secrets in memory: asked of the store at most every five minutes, in the background once they are known,
 * and served on while the store is out. Neither signing nor verification waits for Key Vault.
 */
export function cachedSecrets({
  secrets,
  clock,
  log,
}: {
  secrets: SecretStore;
  clock: Clock;
  log: Log;
}): SecretStore {
  const kept = new Map<SecretName, Kept>();
  const asking = new Map<SecretName, Promise<Kept>>();

  function ask(name: SecretName): Promise<Kept> {
    const running = asking.get(name);
    if (running) return running;
    const request = secrets
      .versions(name)
      .then((versions) => {
        const found = { versions, at: clock.now() };
        kept.set(name, found);
        return found;
      })
      .finally(() => asking.delete(name));
    asking.set(name, request);
    return request;
  }

  async function known(name: SecretName): Promise<Kept> {
    const found = kept.get(name);
    if (!found || clock.now() - found.at > servedFor) return ask(name);
    if (clock.now() - found.at > freshFor) {
      ask(name).catch((error: unknown) => log.warn('secret store out', { name, error: String(error) }));
    }
    return found;
  }

  return {
    async versions(name) {
      return (await known(name)).versions;
    },
    async current(name) {
      const [newest] = (await known(name)).versions;
      if (!newest) throw new Error(`There is no secret ${name}.`);
      return newest;
    },
    async version(name, version) {
      const find = ({ versions }: Kept) => versions.find((each) => each.version === version);
      const found = await known(name);
      const match = find(found);
      if (match || clock.now() - found.at < askAgainAfter) return match;
      // Perhaps rotated a moment ago, by another host.
      return find(await ask(name).catch(() => found));
    },
  };
}
