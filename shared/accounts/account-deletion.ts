import { serviceAudit } from '../audit/audit-log.ts';
import type { UntoldEvents } from '../audit/untold-events.ts';
import { day, instant, minute, type Clock, type Instant } from '../clock.ts';
import type { EmailAddress } from '../email/email-address.ts';
import type { AccountId, OrganizationId } from '../identifier.ts';
import type { OrganizationMembers } from '../organizations/organization-members.ts';
import type { Membership, Organization } from '../organizations/organization.ts';
import { Problem } from '../problem.ts';
import type { Shares } from '../shares/shares.ts';
import type { Collection } from '../store/collection.ts';
import type { AccountNotice } from './account-notice.ts';
import { isDeleted, type Account, type StoredAccount, type UnfinishedDeletion } from './account.ts';
import type { Authenticators } from './authenticators.ts';
import type { ProviderLink } from './provider-link.ts';
import type { Sessions } from './session.ts';
import type { Visit } from './visit.ts';

/** Longer than any backup is kept. */
const remembered = 365 * day;

export interface AccountDeletionDependencies {
  readonly accounts: Collection<StoredAccount>;
  readonly authenticators: Collection<Authenticators>;
  readonly providerLinks: Collection<ProviderLink>;
  readonly organizations: Collection<Organization>;
  readonly memberships: Collection<Membership>;
  readonly members: Pick<OrganizationMembers, 'leave'>;
  readonly shares: Pick<Shares, 'leaveAll'>;
  readonly sessions: Pick<Sessions, 'closeAll'>;
  readonly untold: UntoldEvents<StoredAccount>;
  readonly notice: Pick<AccountNotice, 'tell'>;
  readonly clock: Clock;
}

/** How an account ends: with everything that hangs on it, and for good. */
export function createAccountDeletion(deps: AccountDeletionDependencies) {
  const { accounts, authenticators, providerLinks, organizations, memberships, members } = deps;
  const { shares, sessions, untold, notice, clock } = deps;

  async function organizationsOf(id: AccountId): Promise<OrganizationId[]> {
    const found: OrganizationId[] = [];
    let continuation: string | undefined;
    do {
      const page: Awaited<ReturnType<typeof memberships.query>> = await memberships.query({
        partition: id,
        limit: 500,
        ...(continuation !== undefined && { continuation }),
      });
      found.push(...page.items.map(({ document }) => document.id));
      continuation = page.continuation;
    } while (continuation !== undefined);
    return found;
  }

  /** Organizations that would be without an owner. */
  async function onlyOwnerOf(id: AccountId): Promise<Organization[]> {
    const found: Organization[] = [];
    for (const organizationId of await organizationsOf(id)) {
      const organization = (await organizations.read(organizationId))?.document;
      const owners = organization?.members.filter(({ role }) => role === 'owner') ?? [];
      if (organization && owners.length === 1 && owners[0]?.accountId === id) found.push(organization);
    }
    return found;
  }

  async function leaveAll(id: AccountId, email: EmailAddress): Promise<void> {
    for (const organizationId of await organizationsOf(id)) {
      await members.leave(organizationId, { accountId: id, email }).catch(ignoreNotFound);
      // An entry that a crash left behind, where there is no such member.
      await memberships.remove(id, organizationId);
    }
  }

  /** All that hangs on an account that is marked as deleted. Repeating it finishes what a crash cut off. */
  async function finish(
    id: AccountId,
    { email, source, browser }: UnfinishedDeletion,
    deletedAt: Instant,
  ): Promise<void> {
    await sessions.closeAll(id);
    await authenticators.remove(id, id);
    const { items } = await providerLinks.query({ where: [['email', '=', email]], limit: 1000 });
    for (const { document } of items) await providerLinks.remove(document.pk, document.id);
    await leaveAll(id, email);
    await shares.leaveAll(id, email);
    // A sign-in that was under way may have ended meanwhile.
    await sessions.closeAll(id);
    await notice.tell('deleted', { id, email }, { source, browser }, `account-deleted-${id}-${deletedAt}`);
    await accounts.update(id, id, (current) => {
      if (!isDeleted(current) || !current.unfinished) return undefined;
      const { unfinished: _, unfinishedSince: __, ...rest } = current;
      return rest;
    });
  }

  return {
    onlyOwnerOf,

    /**
     * Deletes the account of someone who just proved who they are. Their address may make a new one at once, which
     * knows nothing of this one.
     * @throws Problem conflict where an organization would be without an owner
     */
    async remove({ id, email }: Pick<Account, 'id' | 'email'>, visit: Visit): Promise<void> {
      const [only] = await onlyOwnerOf(id);
      if (only) {
        const detail = `You are the only owner of ${only.name}. Make someone else an owner there first, or delete it.`;
        throw new Problem('conflict', detail, { errors: [{ field: '', detail }] });
      }
      // First, since it alone can be refused: another owner may leave at this very moment.
      await leaveAll(id, email);
      const now = clock.now();
      const deletedAt = instant(now);
      const unfinished = { email, source: visit.source, browser: visit.browser };
      await untold.change(
        { pk: id, id },
        (current) => {
          if (isDeleted(current)) return undefined;
          const { pk, schemaVersion } = current;
          return {
            document: {
              ...{ id, pk, schemaVersion, deletedAt, expiresAt: instant(now + remembered) },
              unfinished,
              unfinishedSince: deletedAt,
            },
            events: [
              {
                organizationId: serviceAudit,
                // By its id alone: the address is what is to be forgotten.
                actor: { kind: 'account', id },
                action: 'account.deleted',
                details: { from: visit.source, browser: visit.browser },
              },
            ],
          };
        },
        () => finish(id, unfinished, deletedAt),
      );
    },

    /** For the expiry timer: finishes what hosts that died had not. @returns how many */
    async finishAll(limit: number): Promise<number> {
      const { items } = await accounts.query({
        where: [['unfinishedSince', '<=', instant(clock.now() - minute)]],
        limit,
      });
      for (const { document } of items)
        if (isDeleted(document) && document.unfinished)
          await finish(document.id, document.unfinished, document.deletedAt);
      return items.length;
    },
  };
}

export type AccountDeletion = ReturnType<typeof createAccountDeletion>;

function ignoreNotFound(error: unknown): void {
  if (!(error instanceof Problem) || error.code !== 'not-found') throw error;
}
