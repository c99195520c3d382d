import { z } from 'zod';
import { instantSchema, identifier } from '../store/document-fields.ts';
import type { Instant } from '../clock.ts';
import type { AccountId } from '../identifier.ts';
import type { Collection } from '../store/collection.ts';
import { DocumentExists } from '../store/document-store.ts';

/** What an account proves itself with besides its mailbox. Apart from the account, so that reading that stays cheap. */
export interface Authenticators {
  readonly id: AccountId;
  readonly pk: AccountId;
  readonly schemaVersion: 1;
  /** `hash` is a PHC string. */
  readonly password?: { readonly hash: string; readonly changedAt: Instant } | undefined;
  readonly secondFactor?: SecondFactor | undefined;
}

export interface SecondFactor {
  /** The TOTP secret, sealed. */
  readonly sealed: string;
  readonly since: Instant;
  /** The newest time step of which a code was accepted (RFC 6238 section 5.2). */
  readonly lastStep: number;
  /** MACs of the codes that are left. */
  readonly recoveryCodes: readonly string[];
}

export const authenticatorsSchema: z.ZodType<Authenticators> = z.object({
  id: identifier<AccountId>(),
  pk: identifier<AccountId>(),
  schemaVersion: z.literal(1),
  password: z.object({ hash: z.string(), changedAt: instantSchema }).optional(),
  secondFactor: z
    .object({
      sealed: z.string(),
      since: instantSchema,
      lastStep: z.number().int(),
      recoveryCodes: z.array(z.string()),
    })
    .optional(),
});

/** Changes what an account has, or begins it. `change` may run more than once. */
export async function changeAuthenticators(
  authenticators: Collection<Authenticators>,
  id: AccountId,
  change: (current: Authenticators) => Authenticators | undefined,
): Promise<void> {
  if (await authenticators.update(id, id, change)) return;
  const first = change({ id, pk: id, schemaVersion: 1 });
  if (first === undefined) return;
  try {
    await authenticators.create(first);
  } catch (error) {
    if (!(error instanceof DocumentExists)) throw error;
    await authenticators.update(id, id, change);
  }
}
