import { instant, type Clock, type Instant } from '../clock.ts';
import type { EmailAddress } from '../email/email-address.ts';
import type { AccountId } from '../identifier.ts';
import { Problem } from '../problem.ts';
import { roleOf, type Member, type MemberInvitation, type Organization, type Role } from './organization.ts';

/** A document has its bounds; whoever needs more people than this takes a directory. */
export const mostMembers = 500;
const mostInvitations = 100;

/** @throws Problem conflict unless there is an owner among them */
function withOwner(organization: Organization, members: readonly Member[]): Organization {
  if (members.some(({ role }) => role === 'owner')) return { ...organization, members };
  const detail = 'An organization always has an owner. Make someone else an owner first.';
  throw new Problem('conflict', detail, { errors: [{ field: '', detail }] });
}

/** @throws Problem not-found for who is no member, forbidden for who is no owner */
export function requireOwner(organization: Organization, accountId: AccountId): void {
  const role = roleOf(organization, accountId);
  if (role === undefined) throw new Problem('not-found', 'There is no such organization.');
  if (role !== 'owner') throw new Problem('forbidden', 'Only an owner does this.');
}

/** @throws Problem not-found */
export function memberOf(organization: Organization, email: EmailAddress): Member {
  const member = organization.members.find((each) => each.email === email);
  if (member) return member;
  const detail = `${email} is no member here.`;
  throw new Problem('not-found', detail, { errors: [{ field: '', detail }] });
}

/** @throws Problem not-found, or conflict when nobody would own the organization any more */
export function withRole(organization: Organization, email: EmailAddress, role: Role): Organization {
  const changed = memberOf(organization, email);
  return withOwner(
    organization,
    organization.members.map((member) => (member === changed ? { ...member, role } : member)),
  );
}

/** @throws Problem not-found, or conflict when nobody would own the organization any more */
export function withoutMember(organization: Organization, email: EmailAddress): Organization {
  const gone = memberOf(organization, email);
  return withOwner(
    organization,
    organization.members.filter((member) => member !== gone),
  );
}

/** Invites; who was invited before is invited anew. @throws Problem conflict for members, and when it is full */
export function withInvitation(organization: Organization, invitation: MemberInvitation): Organization {
  const refuse = (detail: string): never => {
    throw new Problem('conflict', detail, { errors: [{ field: 'email', detail }] });
  };
  if (organization.members.some(({ email }) => email === invitation.email)) {
    refuse(`${invitation.email} is a member already.`);
  }
  const others = (organization.invitations ?? []).filter(({ email }) => email !== invitation.email);
  if (others.length >= mostInvitations) refuse('Too many people are invited. Withdraw an invitation first.');
  return { ...organization, invitations: [...others, invitation] };
}

/** @throws Problem not-found */
export function invitationOf(organization: Organization, email: EmailAddress): MemberInvitation {
  const invitation = organization.invitations?.find((each) => each.email === email);
  if (invitation) return invitation;
  const detail = `${email} is not invited, or has accepted meanwhile.`;
  throw new Problem('not-found', detail, { errors: [{ field: '', detail }] });
}

export const withoutInvitation = (organization: Organization, email: EmailAddress): Organization => ({
  ...organization,
  invitations: (organization.invitations ?? []).filter((each) => each.email !== email),
});

/** The invitation that an address may still accept. */
export function openInvitation(
  organization: Organization,
  email: EmailAddress,
  now: Instant,
): MemberInvitation | undefined {
  return organization.invitations?.find((each) => each.email === email && each.expiresAt > now);
}

/** Turns an invitation into a membership. @throws Problem not-found without one, conflict when it is full */
export function withInvited(
  organization: Organization,
  person: { readonly accountId: AccountId; readonly email: EmailAddress },
  clock: Clock,
): Organization {
  const invitation = openInvitation(organization, person.email, instant(clock.now()));
  if (!invitation) throw new Problem('not-found', 'There is no invitation for you here.');
  if (organization.members.length >= mostMembers) {
    throw new Problem('conflict', 'This organization has as many members as it can have.');
  }
  const { accountId, email } = person;
  const rest = withoutInvitation(organization, email);
  return { ...rest, members: [...rest.members, { accountId, email, role: invitation.role }] };
}
