import { minute, second, type Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { SecretsUnavailable, type Secret, type SecretName, type SecretStore } from './secret-store.ts';

export interface CachedSecretsOptions {
  readonly secrets: SecretStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Milliseconds after which a cached secret is looked up anew, in the background; five minutes by default. */
  readonly maximumAge?: number;
}

interface Entry {
  versions: readonly Secret[];
  /** When it was last known to be so, and when that was last asked. */
  loadedAt: number;
  askedAt: number;
  loading: Promise<readonly Secret[]> | undefined;
  failures: number;
  failure: Error | undefined;
}

/** An unknown version may be brand-new, but whoever invents versions must not set the pace of look-ups. */
const shortestInterval = 10 * second;

/**
 * Secrets from memory. Only the first look at a name waits for the store; later ones are refreshed behind
 * the caller's back, so a store that is out stops nothing that worked before.
 */
export function cachedSecrets({
  secrets,
  clock,
  log,
  maximumAge = 5 * minute,
}: CachedSecretsOptions): SecretStore {
  const entries = new Map<SecretName, Entry>();

  const entryOf = (name: SecretName): Entry => {
    const known = entries.get(name);
    if (known !== undefined) return known;
    const never = -Infinity;
    const entry = {
      versions: [],
      loadedAt: never,
      askedAt: never,
      loading: undefined,
      failures: 0,
      failure: undefined,
    };
    entries.set(name, entry);
    return entry;
  };

  const load = async (name: SecretName, entry: Entry): Promise<readonly Secret[]> => {
    entry.askedAt = clock.now();
    try {
      const current = await secrets.current(name);
      const others = (await secrets.versions(name)).filter(({ version }) => version !== current.version);
      entry.versions = [current, ...others];
      entry.loadedAt = clock.now();
      if (entry.failures > 0) log.info('secret store back', { name, failures: entry.failures });
      entry.failures = 0;
      entry.failure = undefined;
      return entry.versions;
    } catch (error) {
      entry.failure = error instanceof Error ? error : new SecretsUnavailable(String(error));
      // Once is news; after that only the count is.
      if (entry.failures++ === 0) log.warn('secret store out', { name, cached: entry.versions.length });
      throw error;
    } finally {
      entry.loading = undefined;
    }
  };

  const reload = (name: SecretName, entry: Entry) => (entry.loading ??= load(name, entry));
  const maySoon = (entry: Entry) => clock.now() - entry.askedAt >= shortestInterval;

  const versions = async (name: SecretName): Promise<readonly Secret[]> => {
    const entry = entryOf(name);
    if (entry.versions.length === 0) return reload(name, entry);
    if (clock.now() - entry.loadedAt >= maximumAge && maySoon(entry)) reload(name, entry).catch(() => {});
    return entry.versions;
  };

  return {
    versions,
    async current(name) {
      const [first] = await versions(name);
      return first ?? secrets.current(name);
    },
    async version(name, version) {
      const find = (list: readonly Secret[]) => list.find((secret) => secret.version === version);
      const found = find(await versions(name));
      if (found !== undefined) return found;
      const entry = entryOf(name);
      if (entry.loading !== undefined || maySoon(entry)) return find(await reload(name, entry));
      // "Unknown" would be a lie while nobody can look it up.
      if (entry.failure !== undefined) throw entry.failure;
      return undefined;
    },
  };
}
