import type { StoredAccount } from '../accounts/account.ts';
import type { Authenticators } from '../accounts/authenticators.ts';
import type { ProviderLink } from '../accounts/provider-link.ts';
import type { Organization } from '../organizations/organization.ts';
import type { Share } from '../shares/share.ts';
import type { Document } from '../store/document-store.ts';
import type { GatewayRecord } from '../systems/gateway-record.ts';
import type { System } from '../systems/system.ts';

interface Kinds {
  readonly accounts: StoredAccount;
  readonly authenticators: Authenticators;
  readonly providerLinks: ProviderLink;
  readonly organizations: Organization;
  readonly systems: System;
  readonly gateways: GatewayRecord;
  readonly shares: Share;
}

export interface Journalled<T extends Document> {
  /** What of a document is noted when it changes: everything that revokes, ends or spends. */
  essence(document: T): unknown;
  /** It is over for good, so no other note of it counts: hosts may note a little out of order. */
  isFinal?(document: T): boolean;
  /** Notes of what is no revocation may be a second late. */
  maySettle?(document: T): boolean;
}

/** What the journal beside the backups notes of each container. */
export const journalled: { readonly [Container in keyof Kinds]: Journalled<Kinds[Container]> } = {
  accounts: { essence: (account) => account },
  authenticators: { essence: (authenticators) => authenticators },
  providerLinks: { essence: (link) => link },
  organizations: {
    essence: ({ members, invitations, requireSecondFactor, policy, deletedAt }) => [
      members,
      invitations,
      requireSecondFactor,
      policy,
      deletedAt,
    ],
    isFinal: ({ deletedAt }) => deletedAt !== undefined,
  },
  systems: {
    essence: ({ state }) => state,
    isFinal: ({ state }) => state !== 'connected',
  },
  gateways: {
    essence: ({ seenAt: _at, seenFrom: _from, ...credentials }) => credentials,
    isFinal: ({ state }) => state === 'disconnected' || state === 'removed',
    maySettle: ({ state }) => state === 'active',
  },
  shares: {
    essence: ({ status, recipients, expiresAt, allowlistId }) => [
      status,
      recipients.map(({ accountId }) => accountId),
      expiresAt,
      allowlistId,
    ],
    isFinal: ({ status }) => status === 'ended',
  },
};

export type JournalledContainer = keyof Kinds;
export type JournalledDocument<Container extends JournalledContainer> = Kinds[Container];
