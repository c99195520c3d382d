import { z } from 'zod';
import { instant, type Clock, type Instant } from '../clock.ts';
import { emailAddressSchema, type EmailAddress } from '../email/email-address.ts';
import { accountIdOf, type AccountId } from '../identifier.ts';
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

export const accountSchema: z.ZodType<Account> = z.object({
  id: identifier<AccountId>(),
  pk: identifier<AccountId>(),
  schemaVersion: z.literal(1),
  email: emailAddressSchema,
  createdAt: instantSchema,
});

/** The account of an address that was just proved; made on first use. */
export async function accountFor(
  accounts: Collection<Account>,
  clock: Clock,
  email: EmailAddress,
): Promise<Account> {
  const id = accountIdOf(email);
  const existing = await accounts.read(id);
  if (existing) return existing.document;
  const account: Account = { id, pk: id, schemaVersion: 1, email, createdAt: instant(clock.now()) };
  try {
    await accounts.create(account);
  } catch (error) {
    // Two sign-ins at once: the other one made the same account.
    if (!(error instanceof DocumentExists)) throw error;
  }
  return account;
}
