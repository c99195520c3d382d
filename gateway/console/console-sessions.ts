import { hour, minute, type Clock, type Random } from '../../shared/clock.ts';
import { newSecret, sha256 } from '../../shared/identifier.ts';

/** A link that was printed for whoever may read the state folder opens the console this long, once. */
const linkLife = 5 * minute;
/** OWASP ASVS 3.3.2: ends when unused, and in any case. */
const idleLife = 30 * minute;
const longestLife = 12 * hour;
/** Wrong passwords in a quarter of an hour before nobody may try; the application behind counts as well. */
const mostWrong = 10;
const wrongPeriod = 15 * minute;
const mostSessions = 100;

export interface ConsoleSession {
  /** Who signed in, in words. */
  readonly who: string;
  /** Goes into every form of this session, and comes back with it. */
  readonly formToken: string;
}

/** Who is signed in to the console, in memory: a restart signs everybody out. Only hashes of secrets are kept. */
export function createConsoleSessions(clock: Clock, random: Random) {
  const sessions = new Map<string, ConsoleSession & { readonly since: number; usedAt: number }>();
  const links = new Map<string, number>();
  let wrong: number[] = [];

  const forgetOld = (now: number) => {
    for (const [id, { since, usedAt }] of sessions)
      if (now - usedAt > idleLife || now - since > longestLife) sessions.delete(id);
    for (const [id, expiresAt] of links) if (expiresAt <= now) links.delete(id);
  };

  return {
    /** @returns the secret of the cookie */
    open(who: string): string {
      const now = clock.now();
      forgetOld(now);
      const oldest = sessions.keys().next();
      if (sessions.size >= mostSessions && !oldest.done) sessions.delete(oldest.value);
      const secret = newSecret(random);
      sessions.set(sha256(secret), { who, formToken: newSecret(random), since: now, usedAt: now });
      return secret;
    },
    find(secret: string | undefined): ConsoleSession | undefined {
      if (secret === undefined) return undefined;
      const now = clock.now();
      forgetOld(now);
      const session = sessions.get(sha256(secret));
      if (session) session.usedAt = now;
      return session;
    },
    close(secret: string): void {
      sessions.delete(sha256(secret));
    },
    /** @returns a code that opens the console once, within five minutes */
    makeLink(): string {
      const now = clock.now();
      forgetOld(now);
      const code = newSecret(random);
      links.set(sha256(code), now + linkLife);
      return code;
    },
    /** @returns whether the code was good; it is spent now */
    spendLink(code: string): boolean {
      forgetOld(clock.now());
      return links.delete(sha256(code));
    },
    /** Whether too many passwords were wrong of late (OWASP ASVS 2.2.1). */
    isShut(): boolean {
      wrong = wrong.filter((at) => clock.now() - at < wrongPeriod);
      return wrong.length >= mostWrong;
    },
    noteWrong(): void {
      wrong.push(clock.now());
    },
  };
}

export type ConsoleSessions = ReturnType<typeof createConsoleSessions>;
