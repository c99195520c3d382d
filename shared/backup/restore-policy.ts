import type { z } from 'zod';
import { accountSchema, isDeleted } from '../accounts/account.ts';
import { authenticatorsSchema } from '../accounts/authenticators.ts';
import { providerLinkSchema } from '../accounts/provider-link.ts';
import type { Instant } from '../clock.ts';
import { accountIdOf, type AccountId } from '../identifier.ts';
import {
  membershipSchema,
  organizationSchema,
  roleOf,
  slugReservationSchema,
} from '../organizations/organization.ts';
import { allowlistDocumentSchema } from '../shares/allowlist-document.ts';
import { usedHandoffSchema } from '../shares/share-handoff.ts';
import { shareSchema, type Share } from '../shares/share.ts';
import { grantSchema } from '../shares/shares.ts';
import type { ContainerName, Document } from '../store/document-store.ts';
import { gatewayRecordSchema } from '../systems/gateway-record.ts';
import { systemSchema } from '../systems/system.ts';

/** What a policy may look at while it decides about one document. */
export interface RestoreContext {
  readonly now: Instant;
  /** When the backup was begun. */
  readonly takenAt: Instant;
  /** Nothing is written yet, so what comes back with another document finds that missing. */
  readonly planning: boolean;
  live(container: ContainerName, pk: string): Promise<Document | undefined>;
}

export type RestorePolicy =
  /** Stays in the backup. */
  | { readonly kind: 'never'; readonly why: string }
  /** Entries of the chains, each where it belongs, or none of that chain. */
  | { readonly kind: 'chain' }
  | ComesBack;

/** A document comes back where the live one is lost or damaged. One that is there knows best what was revoked. */
export interface ComesBack {
  readonly kind: 'lost';
  isSound(stored: Document): boolean;
  /** What the lost one comes back as; undefined when it does not. */
  back(newest: Document, context: RestoreContext): Promise<Document | undefined>;
  /** The organization to which it belongs, or the share, or neither. */
  belongsTo(document: Document): string | undefined;
}

/** Documents of which it is remembered whether they are sound: more than are looked at in one go. */
const remembered = 100;

function lost<T extends Document>(
  schema: z.ZodType<T>,
  {
    back = async (document) => document,
    belongsTo = () => undefined,
  }: {
    readonly back?: (document: T, context: RestoreContext) => Promise<T | undefined>;
    readonly belongsTo?: (document: T) => string | undefined;
  } = {},
): ComesBack {
  // A document is asked about several times; looking it through takes longer than writing it.
  const known = new Map<Document, T | false>();
  const parsed = (stored: Document): T | undefined => {
    let found = known.get(stored);
    if (found === undefined) {
      found = schema.safeParse(stored).data ?? false;
      if (known.size >= remembered) known.clear();
      known.set(stored, found);
    }
    return found === false ? undefined : found;
  };
  return {
    kind: 'lost',
    isSound: (stored) => parsed(stored) !== undefined,
    async back(newest, context) {
      const document = parsed(newest);
      return document && back(document, context);
    },
    belongsTo(stored) {
      const document = parsed(stored);
      return document && belongsTo(document);
    },
  };
}

const never = (why: string): RestorePolicy => ({ kind: 'never', why });

/** An index entry, or a part kept apart: it comes back with the document that vouches for it. */
async function vouched<T extends Document, V extends Document>(
  document: T,
  { live, planning }: RestoreContext,
  [container, pk, schema]: readonly [container: ContainerName, pk: string, schema: z.ZodType<V>],
  vouches: (by: V) => boolean,
): Promise<T | undefined> {
  const { data } = schema.safeParse(await live(container, pk));
  return (data === undefined ? planning : vouches(data)) ? document : undefined;
}

/** What belongs to the account that was backed up: neither to one that was deleted, nor to one made anew since. */
const ofAccount =
  <T extends Document>(accountOf: (document: T) => AccountId) =>
  (document: T, context: RestoreContext): Promise<T | undefined> =>
    vouched(
      document,
      context,
      ['accounts', accountOf(document), accountSchema],
      (account) => !isDeleted(account) && account.createdAt <= context.takenAt,
    );

/** What was open is closed until an owner confirms it: nobody can know what was revoked unheard. */
const heldShare = (share: Share, now: Instant): Share =>
  share.status === 'active' ? { ...share, status: 'paused', heldSince: now } : share;

/** What a restore does with the documents of each container: the one place that says it. */
export const restorePolicies: Readonly<Record<ContainerName, RestorePolicy>> = {
  accounts: lost(accountSchema),
  authenticators: lost(authenticatorsSchema, { back: ofAccount(({ id }) => id) }),
  providerLinks: lost(providerLinkSchema, { back: ofAccount(({ email }) => accountIdOf(email)) }),
  challenges: never('a code was e-mailed for a minute long past'),
  passwordLinks: never('a link that was used must not open again'),
  halfSignIns: never('nobody is signed in by a restore'),
  sessions: never('nobody is signed in by a restore'),
  // They say what is spent.
  handoffs: lost(usedHandoffSchema),
  organizations: lost(organizationSchema, { belongsTo: ({ id }) => id }),
  memberships: lost(membershipSchema, {
    back: (entry, context) =>
      vouched(
        entry,
        context,
        ['organizations', entry.id, organizationSchema],
        (organization) => roleOf(organization, entry.pk) !== undefined,
      ),
    belongsTo: ({ id }) => id,
  }),
  slugs: lost(slugReservationSchema, {
    // A system's is reserved under its organization's id.
    belongsTo: ({ id, names }) => /^system (\S+) /.exec(id)?.[1] ?? names,
  }),
  deviceGrants: never('a gateway asks again by itself'),
  systems: lost(systemSchema, {
    back: async (system, { now }) => (system.state === 'connected' ? { ...system, heldSince: now } : system),
    belongsTo: ({ organizationId }) => organizationId,
  }),
  // Keys ahead of the record are accepted (DESIGN.md section 4, rule 5), so this locks nobody out.
  gateways: lost(gatewayRecordSchema, { belongsTo: ({ organizationId }) => organizationId }),
  shares: lost(shareSchema, {
    back: async (share, { now }) => heldShare(share, now),
    belongsTo: ({ organizationId }) => organizationId,
  }),
  allowlists: lost(allowlistDocumentSchema, {
    back: (document, context) =>
      vouched(
        document,
        context,
        ['shares', document.pk, shareSchema],
        ({ status, allowlistId, gatewayAllowlistId }) =>
          status !== 'ended' && [allowlistId, gatewayAllowlistId].includes(document.id),
      ),
    belongsTo: ({ pk }) => pk,
  }),
  refusedCalls: never('calls refused in the last days'),
  grants: lost(grantSchema, {
    back: (grant, context) =>
      vouched(grant, context, ['shares', grant.id, shareSchema], ({ status, recipients }) =>
        status === 'ended' ? false : recipients.some(({ accountId }) => accountId === grant.pk),
      ),
    belongsTo: ({ id }) => id,
  }),
  audit: { kind: 'chain' },
  throttles: never('counts of the last hours'),
  secretVersions: never('the vault itself says which there are'),
};
