import { minute, second, type Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Secret, SecretName, SecretStore } from './secret-store.ts';

export interface CachedSecretsOptions {
  readonly secrets: SecretStore;
  readonly clock: Clock;
  readonly log: Log;
}

/** Known versions are looked up anew, behind the caller's back, when they are this old; */
const maximumAge = 30 * second;
/** a host that slept through this first looks, and then answers: a version disabled meanwhile is not used. */
const slept = 2 * maximumAge;
/** Who asks for the freshest, and whoever comes while nothing is known yet, makes for one look in this time. */
const shortestInterval = second;
/** An unknown version may be brand-new, but whoever invents versions must not set the pace of look-ups. */
const unknownInterval = 5 * second;
/** While the store is out it is asked ever more rarely, and at least this often. */
const longestInterval = minute;

interface Entry {
  versions: readonly Secret[];
  /** When it was last known to be so, when that was last asked, and when for the sake of an unknown version. */
  loadedAt: number;
  askedAt: number;
  soughtAt: number;
  loading: Promise<readonly Secret[]> | undefined;
  failures: number;
  failure: Error | undefined;
}

/**
 * Secrets from memory. Only the first look at a name waits for the store; later ones are refreshed behind
 * the caller's back, so a store that is out stops nothing that worked before.
 */
export function cachedSecrets({ secrets, clock, log }: CachedSecretsOptions): SecretStore {
  const entries = new Map<SecretName, Entry>();

  const entryOf = (name: SecretName): Entry => {
    const known = entries.get(name);
    if (known !== undefined) return known;
    const never = -Infinity;
    const entry = {
      versions: [],
      loadedAt: never,
      askedAt: never,
      soughtAt: never,
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
      entry.versions = await secrets.versions(name);
      entry.loadedAt = clock.now();
      if (entry.failures > 0) log.info('secret store back', { name, failures: entry.failures });
      entry.failures = 0;
      entry.failure = undefined;
      return entry.versions;
    } catch (error) {
      entry.failure = error instanceof Error ? error : new Error(String(error));
      // Once is news; after that only the count is.
      if (entry.failures++ === 0)
        log.warn('secret store out', { name, cached: entry.versions.length, error: String(error) });
      throw error;
    } finally {
      entry.loading = undefined;
    }
  };

  const reload = (name: SecretName, entry: Entry) => (entry.loading ??= load(name, entry));

  /** What is known, and where the store answers, what is known by now to callers who would not take less. */
  async function refreshed(name: SecretName, entry: Entry, acceptable: number): Promise<readonly Secret[]> {
    const age = clock.now() - entry.loadedAt;
    const interval =
      entry.failures === 0
        ? shortestInterval
        : Math.min(shortestInterval * 2 ** entry.failures, longestInterval);
    const due = age >= Math.min(maximumAge, acceptable) && clock.now() - entry.askedAt >= interval;
    const answering = entry.failures === 0;
    const refresh = due ? reload(name, entry) : entry.loading;
    const best = refresh?.catch(() => entry.versions);
    return best !== undefined && answering && age >= acceptable ? best : entry.versions;
  }

  async function versions(name: SecretName, acceptable = slept): Promise<readonly Secret[]> {
    const entry = entryOf(name);
    if (entry.versions.length > 0) return refreshed(name, entry, acceptable);
    const recently = clock.now() - entry.askedAt < shortestInterval;
    if (entry.loading === undefined && recently && entry.failure !== undefined) throw entry.failure;
    return reload(name, entry);
  }

  return {
    versions: (name) => versions(name),
    async current(name, look) {
      const [first] = await versions(name, look === 'fresh' ? shortestInterval : slept);
      return first ?? secrets.current(name);
    },
    async version(name, version) {
      const find = (list: readonly Secret[]) => list.find((secret) => secret.version === version);
      const found = find(await versions(name));
      if (found !== undefined) return found;
      const entry = entryOf(name);
      if (clock.now() - entry.soughtAt >= unknownInterval) {
        entry.soughtAt = clock.now();
        // A look that is under way may have begun before the version was made.
        await entry.loading?.catch(() => {});
        return find(entry.versions) ?? find(await reload(name, entry));
      }
      // "Unknown" would be a lie while nobody can look it up.
      if (entry.failure !== undefined) throw entry.failure;
      return entry.loading && find(await entry.loading);
    },
  };
}
