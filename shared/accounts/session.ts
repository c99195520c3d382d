import { z } from 'zod';
import { day, instant, type Clock, type Instant, type Random } from '../clock.ts';
import { emailAddressSchema, type EmailAddress } from '../email/email-address.ts';
import { hmac, newSecret, sameSecret, sha256, type AccountId, type ShareId } from '../identifier.ts';
import { identifier, instantSchema } from '../store/document-fields.ts';
import type { Collection } from '../store/collection.ts';
import type { Account } from './account.ts';
import { factorsSchema, type Factor } from './factor.ts';

/**
 * A browser that is signed in: at the portal, or at the origin of one share. The id is the hash of the cookie's
 * value, so a copy of the store opens no session.
 */
export interface Session {
  readonly id: string;
  readonly pk: string;
  readonly schemaVersion: 1;
  readonly accountId: AccountId;
  readonly email: EmailAddress;
  readonly createdAt: Instant;
  readonly expiresAt: Instant;
  /** What was proved when it began. */
  readonly factors?: readonly Factor[] | undefined;
  /** Present on a share's session: which share, and the portal session it hangs on. */
  readonly share?: { readonly shareId: ShareId; readonly portalSessionId: string } | undefined;
}

export const sessionSchema: z.ZodType<Session> = z.object({
  id: z.string(),
  pk: z.string(),
  schemaVersion: z.literal(1),
  accountId: identifier<AccountId>(),
  email: emailAddressSchema,
  createdAt: instantSchema,
  expiresAt: instantSchema,
  factors: factorsSchema,
  share: z.object({ shareId: identifier<ShareId>(), portalSessionId: z.string() }).optional(),
});

const portalLifetime = 30 * day;
/** A share's session ends with its portal session; this only bounds what the expiry timer must keep. */
const shareLifetime = 7 * day;

export function createSessions({
  sessions,
  clock,
  random,
}: {
  sessions: Collection<Session>;
  clock: Clock;
  random: Random;
}) {
  const alive = async (id: string): Promise<Session | undefined> => {
    const stored = await sessions.read(id);
    return stored && stored.document.expiresAt > instant(clock.now()) ? stored.document : undefined;
  };

  async function open(account: Pick<Account, 'id' | 'email'>, lifetime: number, share?: Session['share']) {
    const cookie = newSecret(random);
    const now = clock.now();
    const session: Session = {
      id: sha256(cookie),
      pk: sha256(cookie),
      schemaVersion: 1,
      accountId: account.id,
      email: account.email,
      createdAt: instant(now),
      expiresAt: instant(now + lifetime),
      ...(share && { share }),
    };
    await sessions.create(session);
    return { cookie, session };
  }

  return {
    openPortal: (account: Account) => open(account, portalLifetime),

    openShare: (account: Pick<Account, 'id' | 'email'>, shareId: ShareId, portalSessionId: string) =>
      open(account, shareLifetime, { shareId, portalSessionId }),

    /** @param cookie the value the browser sent, if any */
    async portal(cookie: string | undefined): Promise<Session | undefined> {
      if (!cookie) return undefined;
      const session = await alive(sha256(cookie));
      return session?.share ? undefined : session;
    },

    /** The session of this share, provided the portal session it hangs on still lives. */
    async share(cookie: string | undefined, shareId: ShareId): Promise<Session | undefined> {
      if (!cookie) return undefined;
      const session = await alive(sha256(cookie));
      if (session?.share?.shareId !== shareId) return undefined;
      const portal = await alive(session.share.portalSessionId);
      return portal?.accountId === session.accountId ? session : undefined;
    },

    close: (session: Session) => sessions.remove(session.pk, session.id),
  };
}

export type Sessions = ReturnType<typeof createSessions>;

/** Ties a form to the browser it was made for (OWASP ASVS 4.2.2). */
export const csrfToken = (key: Uint8Array, cookie: string): string => hmac(key, `csrf ${sha256(cookie)}`);

export const isCsrfToken = (key: Uint8Array, cookie: string, presented: string): boolean =>
  sameSecret(csrfToken(key, cookie), presented);
