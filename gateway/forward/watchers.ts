import { minute, type Clock } from '../../shared/clock.ts';

export interface Watcher {
  readonly shareId: string;
  /** Address of the recipient, as the service says. */
  readonly recipient: string;
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly lastRequestAt: number;
  readonly openRequests: number;
}

const mostWatchers = 10_000;
/** RFC 5321 section 4.5.3.1.3: a path, brackets included. */
const longestAddress = 256;

/** Who is watching which share just now: a request under way, or one within the last minute. */
export function createWatchers(clock: Clock) {
  const watchers = new Map<string, Watcher>();

  const current = (): Watcher[] => {
    const now = clock.now();
    for (const [key, watcher] of watchers) {
      if (watcher.openRequests === 0 && now - watcher.lastRequestAt > minute) watchers.delete(key);
    }
    return [...watchers.values()];
  };

  return {
    current,
    /** @returns to be called when the request is over */
    note(shareId: string, told: string): () => void {
      const recipient = told.slice(0, longestAddress);
      const key = `${shareId} ${recipient}`;
      const now = clock.now();
      // The names come from outside: however many there are, no more are kept.
      if (watchers.size >= mostWatchers && !watchers.has(key) && current().length >= mostWatchers)
        return () => {};
      const known = watchers.get(key) ?? {
        shareId,
        recipient,
        since: now,
        lastRequestAt: now,
        openRequests: 0,
      };
      watchers.set(key, { ...known, lastRequestAt: now, openRequests: known.openRequests + 1 });
      let over = false;
      return () => {
        const watcher = watchers.get(key);
        if (over || !watcher) return;
        over = true;
        watchers.set(key, { ...watcher, openRequests: watcher.openRequests - 1, lastRequestAt: clock.now() });
      };
    },
  };
}

export type Watchers = ReturnType<typeof createWatchers>;
