import type { Session } from '../accounts/session.ts';
import type { Limit, Throttle } from '../accounts/throttle.ts';
import type { AuditAction } from '../audit/audit-actions.ts';
import type { AuditEvent } from '../audit/audit-log.ts';
import type { Told, UntoldEvents } from '../audit/untold-events.ts';
import { day, hour, instant, type Clock, type Random } from '../clock.ts';
import type { EmailAddress } from '../email/email-address.ts';
import type { EmailSender } from '../email/email-sender.ts';
import { newSecret, sha256, type AccountId, type OrganizationId } from '../identifier.ts';
import type { Log } from '../log.ts';
import { Problem } from '../problem.ts';
import type { Collection } from '../store/collection.ts';
import { DocumentChanged, DocumentExists } from '../store/document-store.ts';
import { memberInvitationEmail } from './member-invitation-email.ts';
import {
  invitationOf,
  memberOf,
  openInvitation,
  requireOwner,
  withInvitation,
  withInvited,
  withoutInvitation,
  withoutMember,
  withRole,
} from './member-rules.ts';
import type { MemberInvitation, Membership, Organization, Role } from './organization.ts';

const invitationLifetime = 14 * day;
/** Of one organization; nobody's mailbox is for us to fill. */
const perOrganization: Limit = { count: 60, window: hour };
const perAddress: Limit = { count: 5, window: day };

/** Who acts: whoever is signed in. */
export type Acting = Pick<Session, 'accountId' | 'email'>;

export interface OrganizationMembersDependencies {
  readonly organizations: Collection<Organization>;
  readonly memberships: Collection<Membership>;
  readonly throttle: Throttle;
  readonly email: EmailSender;
  readonly untold: UntoldEvents<Organization>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly publicOrigin: string;
}

/**
 * Who belongs to an organization. Whether somebody may change it is asked inside the same compare-and-swap as
 * the change itself, so that of two owners who demote each other at once only one succeeds.
 */
export function createOrganizationMembers(deps: OrganizationMembersDependencies) {
  const { organizations, memberships, throttle, email, untold, clock, random, log, publicOrigin } = deps;

  /** A changed organization with what the audit is to be told of it. */
  const noting = (
    document: Organization,
    by: Acting,
    action: AuditAction,
    about: EmailAddress,
    details?: AuditEvent['details'],
  ): Told<Organization> => {
    const actor = { kind: 'account', id: by.accountId, label: by.email } as const;
    const subject = { kind: 'member', id: sha256(about), label: about };
    return { document, events: [{ organizationId: document.id, actor, action, subject, details }] };
  };

  /** @throws Problem not-found and whatever `change` throws */
  async function changed(
    id: OrganizationId,
    change: (current: Organization) => Told<Organization> | undefined,
    between?: () => Promise<unknown>,
  ): Promise<Organization> {
    const organization = await untold.change({ pk: id, id }, change, between);
    if (!organization) throw new Problem('not-found', 'There is no such organization.');
    return organization;
  }

  /** @throws Problem not-found, forbidden and whatever `change` throws */
  const asOwner = (
    id: OrganizationId,
    by: Acting,
    change: (current: Organization) => Told<Organization> | undefined,
    between?: () => Promise<unknown>,
  ): Promise<Organization> =>
    changed(
      id,
      (current) => {
        requireOwner(current, by.accountId);
        return change(current);
      },
      between,
    );

  /** @returns whether the e-mail is on its way */
  async function send(organization: Organization, invitation: MemberInvitation): Promise<boolean> {
    const outcome = await email.send({
      ...memberInvitationEmail({
        organizationName: organization.name,
        invitedBy: invitation.invitedBy,
        role: invitation.role,
        expiresAt: invitation.expiresAt,
        link: `${publicOrigin}/join/${organization.slug}`,
      }),
      to: invitation.email,
      operationId: `member-${invitation.id}`,
    });
    if (outcome.status !== 'sent') {
      log.warn('member not invited', { organizationId: organization.id, status: outcome.status });
      return false;
    }
    await organizations.update(organization.id, organization.id, (current) => ({
      ...current,
      invitations: (current.invitations ?? []).map((each) =>
        each.id === invitation.id ? { ...each, sentAt: instant(clock.now()) } : each,
      ),
    }));
    return true;
  }

  /** Makes the index entry, or writes it again: its ETag must differ after every acceptance (see `forget`). */
  async function index(accountId: AccountId, id: OrganizationId): Promise<void> {
    const entry: Membership = { id, pk: accountId, schemaVersion: 1 };
    try {
      await memberships.create(entry);
    } catch (error) {
      if (!(error instanceof DocumentExists)) throw error;
      await memberships.update(accountId, id, () => entry);
    }
  }

  /**
   * What takes the index entry of a member away after they were taken out, unless it was written meanwhile: then the
   * person has been invited again and joins just now. An entry that a crash leaves behind is ignored.
   */
  async function forgetting(id: OrganizationId, accountId: AccountId): Promise<() => Promise<void>> {
    const entry = await memberships.read(accountId, id);
    return async () => {
      if (!entry) return;
      await memberships.remove(accountId, id, entry.etag).catch((error: unknown) => {
        if (!(error instanceof DocumentChanged)) throw error;
      });
    };
  }

  async function invite(
    id: OrganizationId,
    by: Acting,
    invited: { readonly email: EmailAddress; readonly role: Role },
    checked: (current: Organization) => void = () => undefined,
  ): Promise<boolean> {
    const current = await organizations.read(id);
    if (!current) throw new Problem('not-found', 'There is no such organization.');
    requireOwner(current.document, by.accountId);
    checked(current.document);
    await throttle.take(`member invitations of ${id}`, perOrganization);
    await throttle.take(`member invitations to ${invited.email}`, perAddress);
    const invitation: MemberInvitation = {
      id: newSecret(random),
      ...invited,
      invitedBy: by.email,
      expiresAt: instant(clock.now() + invitationLifetime),
    };
    const organization = await asOwner(id, by, (now) => {
      checked(now);
      const { email: address, role } = invited;
      return noting(withInvitation(now, invitation), by, 'organization.member-invited', address, { role });
    });
    return send(organization, invitation);
  }

  return {
    /**
     * Asks someone to become a member; whoever was asked before is asked anew.
     * @returns whether the e-mail is on its way
     * @throws Problem not-found, forbidden, conflict (a member already), too-many-requests
     */
    invite: (
      id: OrganizationId,
      by: Acting,
      invited: { readonly email: EmailAddress; readonly role: Role },
    ): Promise<boolean> => invite(id, by, invited),

    /** Sends an invitation again, for another 14 days. @throws Problem as `invite`; not-found when it is gone */
    async resend(id: OrganizationId, by: Acting, address: EmailAddress): Promise<boolean> {
      const organization = await organizations.read(id);
      if (!organization) throw new Problem('not-found', 'There is no such organization.');
      requireOwner(organization.document, by.accountId);
      const { role } = invitationOf(organization.document, address);
      return invite(id, by, { email: address, role }, (current) => invitationOf(current, address));
    },

    /** @throws Problem not-found, forbidden */
    async withdraw(id: OrganizationId, by: Acting, address: EmailAddress): Promise<void> {
      await asOwner(id, by, (current) => {
        invitationOf(current, address);
        const without = withoutInvitation(current, address);
        return noting(without, by, 'organization.invitation-withdrawn', address);
      });
    },

    /** The invitation of whoever is signed in, while it can be accepted. */
    invitationFor: (organization: Organization, person: Acting): MemberInvitation | undefined =>
      openInvitation(organization, person.email, instant(clock.now())),

    /** Becomes a member. @throws Problem not-found when there is no invitation (any more), conflict */
    async accept(id: OrganizationId, person: Acting): Promise<void> {
      const found = await organizations.read(id);
      if (!found) throw new Problem('not-found', 'There is no invitation for you here.');
      withInvited(found.document, person, clock);
      // The index first: an entry without its membership is ignored, a membership without it would be lost.
      await index(person.accountId, id);
      await changed(id, (current) => {
        const joined = withInvited(current, person, clock);
        const { role } = memberOf(joined, person.email);
        return noting(joined, person, 'organization.member-joined', person.email, { role });
      });
    },

    /** Turns an invitation down. Without one nothing happens. */
    async decline(id: OrganizationId, person: Acting): Promise<void> {
      await untold.change({ pk: id, id }, (current) => {
        if (openInvitation(current, person.email, instant(clock.now())) === undefined) return undefined;
        const without = withoutInvitation(current, person.email);
        return noting(without, person, 'organization.invitation-withdrawn', person.email);
      });
    },

    /** @throws Problem not-found, forbidden, conflict when nobody would be an owner any more */
    async changeRole(id: OrganizationId, by: Acting, address: EmailAddress, role: Role): Promise<void> {
      await asOwner(id, by, (current) => {
        const from = memberOf(current, address).role;
        if (from === role) return undefined;
        const details = { from, to: role };
        const next = withRole(current, address, role);
        return noting(next, by, 'organization.member-changed', address, details);
      });
    },

    /** @throws Problem not-found, forbidden, conflict when nobody would be an owner any more */
    async remove(id: OrganizationId, by: Acting, address: EmailAddress): Promise<void> {
      const found = await organizations.read(id);
      if (!found) throw new Problem('not-found', 'There is no such organization.');
      requireOwner(found.document, by.accountId);
      const { accountId } = memberOf(found.document, address);
      await asOwner(
        id,
        by,
        (current) => noting(withoutMember(current, address), by, 'organization.member-removed', address),
        await forgetting(id, accountId),
      );
    },

    /** Leaves, whatever the role. @throws Problem not-found, conflict for the last owner */
    async leave(id: OrganizationId, person: Acting): Promise<void> {
      const address = person.email;
      await changed(
        id,
        (current) => noting(withoutMember(current, address), person, 'organization.member-left', address),
        await forgetting(id, person.accountId),
      );
    },
  };
}

export type OrganizationMembers = ReturnType<typeof createOrganizationMembers>;
