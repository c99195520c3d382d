import { z } from 'zod';
import { tellingShape, type Telling } from '../audit/untold-events.ts';
import { instant, type Clock, type Instant } from '../clock.ts';
import { emailAddressSchema, type EmailAddress } from '../email/email-address.ts';
import { accountIdOf, type AccountId } from '../identifier.ts';
import { Problem } from '../problem.ts';
import { identifier, instantSchema } from '../store/document-fields.ts';
import type { Collection } from '../store/collection.ts';
import { DocumentExists } from '../store/document-store.ts';

/** A person who proved an e-mail address here. */
export interface Account {
  readonly id: AccountId;
  readonly pk: AccountId;
  readonly schemaVersion: 1;
  readonly email: EmailAddress;
  readonly createdAt: Instant;
}

export interface UnfinishedDeletion {
  readonly email: EmailAddress;
  readonly source: string;
  readonly browser: string;
}

/** What is left of one that was deleted: no restore brings it back while this is there. */
export interface DeletedAccount extends Telling {
  readonly id: AccountId;
  readonly pk: AccountId;
  readonly schemaVersion: 1;
  readonly deletedAt: Instant;
  /** Until all that hung on the account is gone, and its owner told: what that takes. */
  readonly unfinished?: UnfinishedDeletion | undefined;
  readonly unfinishedSince?: Instant | undefined;
  /** When this too is forgotten: no backup holds the account any more. */
  readonly expiresAt: Instant;
}

export type StoredAccount = Account | DeletedAccount;

const common = {
  id: identifier<AccountId>(),
  pk: identifier<AccountId>(),
  schemaVersion: z.literal(1),
};

export const accountSchema: z.ZodType<StoredAccount> = z.looseObject(common).pipe(
  z.union([
    z.object({ ...common, email: emailAddressSchema, createdAt: instantSchema }),
    z.object({
      ...common,
      deletedAt: instantSchema,
      unfinished: z.object({ email: emailAddressSchema, source: z.string(), browser: z.string() }).optional(),
      unfinishedSince: instantSchema.optional(),
      expiresAt: instantSchema,
      ...tellingShape,
    }),
  ]),
);

export const isDeleted = (account: StoredAccount): account is DeletedAccount => 'deletedAt' in account;

/**
 * The account of an address that was just proved; made on first use, and anew after it was deleted.
 * @throws Problem unavailable while it is being deleted
 */
export async function accountFor(
  accounts: Collection<StoredAccount>,
  clock: Clock,
  email: EmailAddress,
): Promise<Account> {
  const id = accountIdOf(email);
  const existing = (await accounts.read(id))?.document;
  if (existing && !isDeleted(existing)) return existing;
  const account: Account = { id, pk: id, schemaVersion: 1, email, createdAt: instant(clock.now()) };
  if (existing) {
    await accounts.update(id, id, (current) => {
      if (!isDeleted(current)) return undefined;
      if (current.unfinished || current.untold)
        throw new Problem('unavailable', 'This account is just being deleted. Try again in some minutes.');
      return account;
    });
    return account;
  }
  try {
    await accounts.create(account);
  } catch (error) {
    // Two sign-ins at once: the other one made the same account.
    if (!(error instanceof DocumentExists)) throw error;
  }
  return account;
}
