import { day, minute, type Instant } from '../clock.ts';
import type { SecretName } from './secret-store.ts';

/** Hosts without the store for a day still make things with the version they know. */
const stragglers = day;

interface Use {
  /** Milliseconds for which something made with a version is still checked against it. */
  readonly checkedFor: number;
  /** Milliseconds until a new version makes anything: where no name tells a reader which version to look up. */
  readonly settlesFor: number;
}

/** How versions of each secret follow each other. */
const uses: Readonly<Record<SecretName, Use>> = {
  // Access tokens live 7 days, and name their version.
  'token-signing': { checkedFor: 7 * day + stragglers, settlesFor: 0 },
  // Refresh keys live 30 days; whoever comes later is told so for another 30.
  'refresh-key-mac': { checkedFor: 60 * day, settlesFor: 2 * minute },
  'relay-listen-key': { checkedFor: stragglers, settlesFor: 0 },
  'relay-send-key': { checkedFor: stragglers, settlesFor: 0 },
  handoff: { checkedFor: stragglers, settlesFor: 0 },
  // Apps are set up once, for years.
  'second-factor': { checkedFor: Infinity, settlesFor: 0 },
  // Whoever kept a backup can read it.
  backup: { checkedFor: Infinity, settlesFor: 0 },
};

/** What a former version of it made is checked for ever, so changing it makes nothing safe that was not. */
export const isKeptForEver = (name: SecretName): boolean => uses[name].checkedFor === Infinity;

export interface DatedVersion {
  readonly createdAt: Instant;
  /** Milliseconds since 1970: it makes nothing before. */
  readonly notBefore?: number | undefined;
  /** Milliseconds since 1970: it makes nothing from then on. */
  readonly notAfter?: number | undefined;
}

/**
 * Which of the enabled versions of a secret are in use: first the one that makes new things, the newest whose
 * time has come; then those that something still valid may have been made with. Whoever stole an older one can
 * do nothing with it. None are in use when none may make anything.
 *
 * @param versions of equally old ones, the first counts as newer
 */
export function versionsInUse<Version extends DatedVersion>(
  name: SecretName,
  versions: readonly Version[],
  now: number,
): readonly Version[] {
  const { checkedFor, settlesFor } = uses[name];
  const newestFirst = versions
    .map((version) => {
      const { createdAt, notBefore = -Infinity, notAfter = Infinity } = version;
      return { version, notBefore, notAfter, start: Math.max(Date.parse(createdAt), notBefore) };
    })
    .toSorted((a, b) => b.start - a.start);
  // The store's clock may be ahead of ours, so creation alone starts nothing, and the only version there is need
  // not settle.
  const allowed = newestFirst.filter(({ notBefore, notAfter }) => notBefore <= now && now < notAfter);
  const settled = allowed.find(({ start }) => settlesFor === 0 || start + settlesFor <= now);
  const current = settled ?? allowed.at(-1);
  if (current === undefined) return [];
  const checked = newestFirst.filter((each, n) => {
    // A version with an end may give way to the one before it again.
    const successor = newestFirst.slice(0, n).findLast(({ notAfter }) => notAfter === Infinity);
    const lastUse = Math.min(each.notAfter, (successor?.start ?? Infinity) + settlesFor);
    return each !== current && now < lastUse + checkedFor;
  });
  return [current, ...checked].map(({ version }) => version);
}
