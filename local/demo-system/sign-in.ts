import { createHmac, timingSafeEqual } from 'node:crypto';
import { minute, type Clock, type Random } from '../../shared/clock.ts';
import { HttpError } from './http-error.ts';
import { nobodysPassword, passwordMatches } from './passwords.ts';
import type { User, UserStore } from './user-store.ts';

const MOST_FAILURES = 10;
const MOST_TRACKED = 10_000;

/** Checks names and passwords, slowly for guessers and fast for programs that come every second. */
export interface SignIn {
  /** @throws HttpError 401, or 429 after ten failures in a minute for one name from one address */
  check(name: string, password: string, address: string): Promise<User>;
  forget(name: string): void;
}

export function createSignIn(users: UserStore, clock: Clock, random: Random): SignIn {
  const key = random.bytes(32);
  const digest = (password: string) => createHmac('sha256', key).update(password).digest();
  /** Keyed digests of passwords that scrypt has accepted, so that it runs once a user, not once a request. */
  const accepted = new Map<string, { hash: string; digest: Buffer }>();
  const failures = new Map<string, { count: number; since: number }>();

  const failuresOf = (who: string): number => {
    const entry = failures.get(who);
    return entry && clock.now() - entry.since < minute ? entry.count : 0;
  };
  const noteFailure = (who: string) => {
    const count = failuresOf(who);
    if (count === 0) failures.delete(who);
    for (const oldest of failures.keys()) if (failures.size >= MOST_TRACKED) failures.delete(oldest);
    failures.set(who, { count: count + 1, since: failures.get(who)?.since ?? clock.now() });
  };

  return {
    check: async (name, password, address) => {
      const who = `${address} ${name}`;
      const user = users.find(name);
      const known = accepted.get(name);
      if (user && known?.hash === user.password.hash && timingSafeEqual(known.digest, digest(password))) {
        return user;
      }
      if (failuresOf(who) >= MOST_FAILURES)
        throw new HttpError('tooManyTries', undefined, { 'retry-after': '60' });
      const matches = await passwordMatches(password, user?.password ?? nobodysPassword);
      if (!user || !matches) {
        noteFailure(who);
        throw new HttpError('wrongPassword');
      }
      failures.delete(who);
      accepted.set(name, { hash: user.password.hash, digest: digest(password) });
      return user;
    },
    forget: (name) => {
      accepted.delete(name);
    },
  };
}
