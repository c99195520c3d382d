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
  /** From where, and with what browser, for its owner to recognise it. */
  readonly source?: string | undefined;
  readonly browser?: string | undefined;
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
  source: z.string().optional(),
  browser: z.string().optional(),
  share: z.object({ shareId: identifier<ShareId>(), portalSessionId: z.string() }).optional(),
});

/** How a session began. */
export type SessionStart = Pick<Session, 'factors' | 'source' | 'browser'>;

/** ASVS 3.3.2. Milliseconds. */
export const portalLifetime = 30 * day;
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

  async function open(
    account: Pick<Account, 'id' | 'email'>,
    lifetime: number,
    more: Pick<Session, 'share'> & SessionStart,
  ) {
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
      ...more,
    };
    await sessions.create(session);
    return { cookie, session };
  }

  /** Every session of an account that is alive, those of shares included. */
  async function ofAccount(accountId: AccountId): Promise<Session[]> {
    const where = [
      ['accountId', '=', accountId],
      ['expiresAt', '>', instant(clock.now())],
    ] as const;
    const found: Session[] = [];
    let continuation: string | undefined;
    do {
      const page = await sessions.query({
        where,
        limit: 500,
        ...(continuation !== undefined && { continuation }),
      });
      found.push(...page.items.map(({ document }) => document));
      continuation = page.continuation;
    } while (continuation !== undefined);
    return found;
  }

  return {
    openPortal: (account: Pick<Account, 'id' | 'email'>, { factors, source, browser }: SessionStart = {}) =>
      open(account, portalLifetime, { factors, source, browser }),

    openShare: (account: Pick<Account, 'id' | 'email'>, shareId: ShareId, portalSessionId: string) =>
      open(account, shareLifetime, { share: { shareId, portalSessionId } }),

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

    /** The browsers in which an account is signed in (ASVS 3.3.4), newest first. */
    async portalsOf(accountId: AccountId): Promise<Session[]> {
      const all = await ofAccount(accountId);
      return all.filter(({ share }) => !share).sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
    },

    /**
     * Ends one session of an account, and with it those of shares that hang on it.
     * @returns false when the account has no such session
     */
    async closeOne(accountId: AccountId, id: string): Promise<boolean> {
      const session = await alive(id);
      if (session?.accountId !== accountId || session.share) return false;
      await sessions.remove(session.pk, session.id);
      return true;
    },

    /** Ends every session of an account but one and what hangs on that. @returns how many of the portal */
    async closeAll(accountId: AccountId, keep?: string): Promise<number> {
      let closed = 0;
      for (;;) {
        const others = (await ofAccount(accountId)).filter(
          ({ id, share }) => id !== keep && (!share || share.portalSessionId !== keep),
        );
        if (others.length === 0) return closed;
        for (const { pk, id, share } of others) {
          await sessions.remove(pk, id);
          if (!share) closed++;
        }
      }
    },
  };
}

export type Sessions = ReturnType<typeof createSessions>;

/** Ties a form to the browser it was made for (OWASP ASVS 4.2.2). */
export const csrfToken = (key: Uint8Array, cookie: string): string => hmac(key, `csrf ${sha256(cookie)}`);

export const isCsrfToken = (key: Uint8Array, cookie: string, presented: string): boolean =>
  sameSecret(csrfToken(key, cookie), presented);
