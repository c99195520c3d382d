import { z } from 'zod';
import { instant, minute, type Clock, type Instant, type Random } from '../clock.ts';
import { emailAddressSchema, type EmailAddress } from '../email/email-address.ts';
import type { EmailSender } from '../email/email-sender.ts';
import { passwordLinkEmail } from '../email/password-link-email.ts';
import { accountIdOf, newSecret, sha256 } from '../identifier.ts';
import { Problem } from '../problem.ts';
import { instantSchema } from '../store/document-fields.ts';
import type { Collection } from '../store/collection.ts';
import { accountFor, type StoredAccount } from './account.ts';
import type { AccountNotice } from './account-notice.ts';
import type { Attempts } from './attempts.ts';
import type { Passwords } from './passwords.ts';
import type { Visit } from './visit.ts';

/** An e-mailed link, waiting for its reader. The id is the hash of the secret in it. */
export interface PasswordLinkRecord {
  readonly id: string;
  readonly pk: string;
  readonly schemaVersion: 1;
  readonly email: EmailAddress;
  readonly createdAt: Instant;
  readonly expiresAt: Instant;
  readonly used?: boolean | undefined;
}

export const passwordLinkSchema: z.ZodType<PasswordLinkRecord> = z.object({
  id: z.string(),
  pk: z.string(),
  schemaVersion: z.literal(1),
  email: emailAddressSchema,
  createdAt: instantSchema,
  expiresAt: instantSchema,
  used: z.boolean().optional(),
});

export const passwordLinkLifetime = 30 * minute;

export type PasswordChoice =
  | { readonly kind: 'chosen'; readonly email: EmailAddress }
  | { readonly kind: 'unfit'; readonly email: EmailAddress; readonly detail: string }
  /** Used, too old, overtaken by another change, or never given out. */
  | { readonly kind: 'dead' };

export interface PasswordLinkDependencies {
  readonly links: Collection<PasswordLinkRecord>;
  readonly accounts: Collection<StoredAccount>;
  readonly passwords: Passwords;
  readonly attempts: Attempts;
  readonly notice: AccountNotice;
  readonly email: EmailSender;
  readonly clock: Clock;
  readonly random: Random;
  readonly portalOrigin: string;
}

/**
 * A password by an e-mailed link: for who signs up with one, and for who forgot it. Both are the same, since the
 * mailbox is what proves the person; so every address gets the same mail, and asking tells nothing (ASVS 5.0,
 * 6.3.8). It opens no session: whoever has a second factor still needs it to sign in.
 */
export function createPasswordLinks(deps: PasswordLinkDependencies) {
  const { links, accounts, passwords, attempts, notice, email, clock, random, portalOrigin } = deps;

  async function alive(token: string): Promise<PasswordLinkRecord | undefined> {
    const record = (await links.read(sha256(token)))?.document;
    if (!record || record.used === true || record.expiresAt <= instant(clock.now())) return undefined;
    const changedAt = await passwords.changedAt(accountIdOf(record.email));
    return changedAt !== undefined && changedAt > record.createdAt ? undefined : record;
  }

  return {
    /**
     * Mails a link; the same whether the address has an account or not.
     * @throws Problem too-many-requests; unavailable when the mail cannot be sent now
     */
    async request(address: EmailAddress, visit: Visit): Promise<void> {
      await attempts.take('password link', address, visit);
      const token = newSecret(random);
      const id = sha256(token);
      const now = clock.now();
      await links.create({
        id,
        pk: id,
        schemaVersion: 1,
        email: address,
        createdAt: instant(now),
        expiresAt: instant(now + passwordLinkLifetime),
      });
      await notice.noteAttempt('account.recovery-requested', address, visit);
      const outcome = await email.send({
        ...passwordLinkEmail({
          link: `${portalOrigin}/password/choose?token=${token}`,
          requestedFrom: visit.source,
        }),
        to: address,
        operationId: `password-link-${id}`,
      });
      if (outcome.status === 'deferred') {
        throw new Problem(
          'unavailable',
          'The e-mail with your link cannot be sent just now. Please try again.',
        );
      }
    },

    /** Whose link it is, for showing the form. Changes nothing, so a scanner that opens the link spoils nothing. */
    async addressOf(token: string): Promise<EmailAddress | undefined> {
      return (await alive(token))?.email;
    },

    /** Spends the link for a password. One that will not do spends nothing. */
    async choose(token: string, typed: string, visit: Visit): Promise<PasswordChoice> {
      const record = await alive(token);
      if (!record) return { kind: 'dead' };
      const detail = await passwords.fault(typed, record.email);
      if (detail !== undefined) return { kind: 'unfit', email: record.email, detail };
      let won = false;
      await links.update(record.id, record.id, (current) => {
        won = current.used !== true;
        return won ? { ...current, used: true } : undefined;
      });
      if (!won) return { kind: 'dead' };
      const account = await accountFor(accounts, clock, record.email);
      await notice.note('account.recovery-used', account, visit);
      await passwords.set(account, typed, visit);
      return { kind: 'chosen', email: record.email };
    },
  };
}

export type PasswordLinks = ReturnType<typeof createPasswordLinks>;
