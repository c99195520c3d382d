import { createHash } from 'node:crypto';
import { hour, type Clock, type Random } from '../../shared/clock.ts';

export const SESSION_COOKIE = 'hilltop_session';
const LIFETIME = 12 * hour;
const MOST = 10_000;

/** Who is signed in, in memory only: a restart signs everybody out. */
export interface Sessions {
  /** @returns the secret for the cookie */
  open(userName: string): string;
  /** @returns the user's name, while the session lives */
  find(secret: string): string | undefined;
  close(secret: string): void;
}

export function createSessions(clock: Clock, random: Random): Sessions {
  const sessions = new Map<string, { userName: string; endsAt: number }>();
  const forgetEnded = () => {
    for (const [key, session] of sessions) if (session.endsAt <= clock.now()) sessions.delete(key);
    for (const key of sessions.keys()) if (sessions.size >= MOST) sessions.delete(key);
  };
  return {
    open: (userName) => {
      forgetEnded();
      const secret = Buffer.from(random.bytes(32)).toString('base64url');
      sessions.set(keyOf(secret), { userName, endsAt: clock.now() + LIFETIME });
      return secret;
    },
    find: (secret) => {
      const session = sessions.get(keyOf(secret));
      return session && session.endsAt > clock.now() ? session.userName : undefined;
    },
    close: (secret) => {
      sessions.delete(keyOf(secret));
    },
  };
}

/** Looked up by hash, so that the time of a look-up tells nothing about the secrets. */
const keyOf = (secret: string): string => createHash('sha256').update(secret).digest('base64url');

export const sessionCookie = (secret: string): string =>
  `${SESSION_COOKIE}=${secret}; Path=/; HttpOnly; SameSite=Strict`;

export const endedSessionCookie = `${SESSION_COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0`;

/** The session's secret in a Cookie header (RFC 6265 section 4.2), if there is one. */
export function sessionSecretIn(cookieHeader: string | undefined): string | undefined {
  for (const pair of (cookieHeader ?? '').split(';')) {
    const [name, value] = pair.trim().split('=', 2);
    if (name === SESSION_COOKIE && value) return value;
  }
  return undefined;
}
