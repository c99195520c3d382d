import { z } from 'zod';
import { emailAddressSchema, type EmailAddress } from '../email/email-address.ts';
import { accountIdOf, sha256 } from '../identifier.ts';
import type { Collection } from '../store/collection.ts';
import { DocumentExists } from '../store/document-store.ts';
import type { ProvidedIdentity } from './identity-provider.ts';

/**
 * Half of a link between a person at a provider (issuer and subject, OpenID Connect Core section 5.7) and an
 * account here. There is one document for either end; each names the other.
 */
export interface ProviderLink {
  readonly id: string;
  readonly pk: string;
  readonly schemaVersion: 1;
  /** Of the document of the other end. */
  readonly other: string;
  /** Address of the account. */
  readonly email: EmailAddress;
}

export const providerLinkSchema: z.ZodType<ProviderLink> = z.object({
  id: z.string(),
  pk: z.string(),
  schemaVersion: z.literal(1),
  other: z.string(),
  email: emailAddressSchema,
});

export type LinkOutcome =
  | { readonly kind: 'linked' }
  /** The provider knew this person by another address before. */
  | { readonly kind: 'moved'; readonly from: EmailAddress }
  /** Somebody else at the provider had this address before: it was given away, or is being stolen. */
  | { readonly kind: 'taken' };

/** Who at a provider is which account. An account is an address, so the provider's verified address says which. */
export function createProviderLinks({ links, issuer }: { links: Collection<ProviderLink>; issuer: string }) {
  const subjectEnd = (subject: string) => sha256(`provider subject ${JSON.stringify([issuer, subject])}`);
  const accountEnd = (email: EmailAddress) =>
    sha256(`provider account ${JSON.stringify([issuer, accountIdOf(email)])}`);

  /** @returns what was there before, if anything */
  async function put(document: ProviderLink, change: (current: ProviderLink) => boolean) {
    try {
      await links.create(document);
      return undefined;
    } catch (error) {
      if (!(error instanceof DocumentExists)) throw error;
    }
    let before: ProviderLink | undefined;
    await links.update(document.pk, document.id, (current) => {
      before = current;
      return change(current) ? document : undefined;
    });
    return before;
  }

  return {
    /**
     * Links, or finds the link. The account's end is written first: it decides who may be signed in.
     * @param proved the address that this very browser proved by other means, if any: it may link anew
     */
    async link(
      { subject, email }: Pick<ProvidedIdentity, 'subject' | 'email'>,
      proved: EmailAddress | undefined,
    ): Promise<LinkOutcome> {
      const [mine, account] = [subjectEnd(subject), accountEnd(email)];
      const holder = await put(
        { id: account, pk: account, schemaVersion: 1, other: mine, email },
        () => proved === email,
      );
      if (holder && holder.other !== mine && proved !== email) return { kind: 'taken' };
      const before = await put(
        { id: mine, pk: mine, schemaVersion: 1, other: account, email },
        (current) => current.other !== account,
      );
      if (!before || before.email === email) return { kind: 'linked' };
      const old = await links.read(before.other);
      // Free for whoever the provider gives the old address to.
      if (old?.document.other === mine) await links.remove(old.document.pk, old.document.id);
      return { kind: 'moved', from: before.email };
    },
  };
}

export type ProviderLinks = ReturnType<typeof createProviderLinks>;
