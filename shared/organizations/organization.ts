import { z } from 'zod';
import type { Account } from '../accounts/account.ts';
import { hasSecondFactor } from '../accounts/factor.ts';
import type { Session } from '../accounts/session.ts';
import { tellingShape, type Telling, type UntoldEvents } from '../audit/untold-events.ts';
import { instant, type Clock, type Instant, type Random } from '../clock.ts';
import { emailAddressSchema, type EmailAddress } from '../email/email-address.ts';
import { newOrganizationId, type AccountId, type OrganizationId } from '../identifier.ts';
import { policySchema, type Policy } from '../policies/policy.ts';
import { Problem } from '../problem.ts';
import { identifier, instantSchema } from '../store/document-fields.ts';
import type { Collection } from '../store/collection.ts';
import { DocumentExists } from '../store/document-store.ts';

export const roles = ['owner', 'admin', 'member'] as const;
export type Role = (typeof roles)[number];

export interface Member {
  readonly accountId: AccountId;
  readonly email: EmailAddress;
  readonly role: Role;
}

/** Someone who was asked to become a member, and may until `expiresAt` by signing in as that address. */
export interface MemberInvitation {
  readonly id: string;
  readonly email: EmailAddress;
  readonly role: Role;
  /** Address of the owner who invited. */
  readonly invitedBy: string;
  readonly expiresAt: Instant;
  /** Absent until the e-mail is known to be on its way. */
  readonly sentAt?: Instant | undefined;
}

/**
 * A tenant. Its members live inside it, so that "at least one owner" is an invariant of one document; so do the
 * invitations, so that one is used once.
 */
export interface Organization extends Telling {
  readonly id: OrganizationId;
  readonly pk: OrganizationId;
  readonly schemaVersion: 1;
  readonly name: string;
  readonly slug: string;
  readonly members: readonly Member[];
  readonly invitations?: readonly MemberInvitation[] | undefined;
  readonly createdAt: Instant;
  /** Members get in only with a session that proved a second factor. */
  readonly requireSecondFactor?: boolean | undefined;
  /** What it allows on its systems and shares; all, when absent. */
  readonly policy?: Policy | undefined;
  /** What stays of a deleted one has no members: it keeps the short name from leading to somebody else. */
  readonly deletedAt?: Instant | undefined;
}

export const organizationSchema: z.ZodType<Organization> = z.object({
  id: identifier<OrganizationId>(),
  pk: identifier<OrganizationId>(),
  schemaVersion: z.literal(1),
  name: z.string(),
  slug: z.string(),
  members: z.array(
    z.object({ accountId: identifier<AccountId>(), email: emailAddressSchema, role: z.enum(roles) }),
  ),
  invitations: z
    .array(
      z.object({
        id: z.string(),
        email: emailAddressSchema,
        role: z.enum(roles),
        invitedBy: z.string(),
        expiresAt: instantSchema,
        sentAt: instantSchema.optional(),
      }),
    )
    .optional(),
  createdAt: instantSchema,
  requireSecondFactor: z.boolean().optional(),
  policy: policySchema.optional(),
  deletedAt: instantSchema.optional(),
  ...tellingShape,
});

/** Who asks: a person with what their session proved. */
export type Caller = Pick<Session, 'accountId' | 'factors'>;

/** Which organizations an account belongs to: an index. The organization itself decides. */
export interface Membership {
  readonly id: OrganizationId;
  readonly pk: AccountId;
  readonly schemaVersion: 1;
}

export const membershipSchema: z.ZodType<Membership> = z.object({
  id: identifier<OrganizationId>(),
  pk: identifier<AccountId>(),
  schemaVersion: z.literal(1),
});

/** Holds a slug for the one thing that it names. */
export interface SlugReservation {
  readonly id: string;
  readonly pk: string;
  readonly schemaVersion: 1;
  readonly names: string;
}

export const slugReservationSchema: z.ZodType<SlugReservation> = z.object({
  id: z.string(),
  pk: z.string(),
  schemaVersion: z.literal(1),
  names: z.string(),
});

/** A DNS label (RFC 1035 section 2.3.1): lower case letters, digits and inner hyphens, 2 to 40 characters. */
export const slugSchema = z
  .string()
  .regex(
    /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])$/,
    'Use 2 to 40 lower case letters, digits and hyphens; a hyphen neither first nor last.',
  );

export const nameSchema = z.string().trim().min(1, 'Give a name.').max(80, 'At most 80 characters.');

/**
 * Takes a slug, once for ever for the same name, so that a repeated request finds its own reservation.
 * @throws Problem conflict when it names something else
 */
export async function reserveSlug(
  slugs: Collection<SlugReservation>,
  key: string,
  names: string,
  field: string,
): Promise<void> {
  try {
    await slugs.create({ id: key, pk: key, schemaVersion: 1, names });
  } catch (error) {
    if (!(error instanceof DocumentExists)) throw error;
    const taken = await slugs.read(key);
    if (taken?.document.names === names) return;
    const detail = 'This short name is taken. Choose another one.';
    throw new Problem('conflict', detail, { errors: [{ field, detail }] });
  }
}

const organizationSlugKey = (slug: string): string => `organization ${slug}`;

export const roleOf = (organization: Organization, accountId: AccountId): Role | undefined =>
  organization.members.find((member) => member.accountId === accountId)?.role;

/** Owners and admins manage systems and shares; only owners disconnect. */
export const mayManage = (role: Role | undefined): boolean => role === 'owner' || role === 'admin';

/** @throws Problem forbidden, with these words for members who are neither */
export function requireManager(role: Role, refusal: string): void {
  if (!mayManage(role)) throw new Problem('forbidden', refusal);
}

const isClosedTo = ({ requireSecondFactor = false }: Organization, caller: Caller): boolean =>
  requireSecondFactor && !hasSecondFactor(caller);

export function createOrganizations({
  organizations,
  memberships,
  slugs,
  untold,
  clock,
  random,
}: {
  organizations: Collection<Organization>;
  memberships: Collection<Membership>;
  slugs: Collection<SlugReservation>;
  untold: UntoldEvents<Organization>;
  clock: Clock;
  random: Random;
}) {
  /** Every organization of an account, by name; the first 100. */
  async function belongingTo({ accountId }: Caller): Promise<{ organization: Organization; role: Role }[]> {
    const { items } = await memberships.query({ partition: accountId, limit: 100 });
    const found = await Promise.all(items.map(({ document }) => organizations.read(document.id)));
    return found
      .flatMap((stored) => {
        const role = stored && roleOf(stored.document, accountId);
        return stored && role ? [{ organization: stored.document, role }] : [];
      })
      .sort((a, b) => a.organization.name.localeCompare(b.organization.name));
  }

  /** The one way in: every page and action of an organization asks here, so no rule of it can be forgotten. */
  function admit(
    organization: Organization | undefined,
    caller: Caller,
  ): { organization: Organization; role: Role } {
    const role = organization && roleOf(organization, caller.accountId);
    if (!organization || !role) throw new Problem('not-found', 'There is no such organization.');
    if (isClosedTo(organization, caller)) {
      throw new Problem('second-factor-required', `${organization.name} asks its members for a second step.`);
    }
    return { organization, role };
  }

  return {
    /**
     * @param id handed in when the caller must be able to repeat the call
     * @throws Problem conflict when the slug is taken
     */
    async create(
      owner: Account,
      { name, slug }: { name: string; slug: string },
      id: OrganizationId = newOrganizationId(random),
    ): Promise<Organization> {
      await reserveSlug(slugs, organizationSlugKey(slug), id, 'organizationSlug');
      // The index first: an entry without its organization is ignored, an organization without it would be lost.
      await memberships.create({ id, pk: owner.id, schemaVersion: 1 }).catch(ignoreExisting);
      const organization: Organization = {
        id,
        pk: id,
        schemaVersion: 1,
        name,
        slug,
        members: [{ accountId: owner.id, email: owner.email, role: 'owner' }],
        createdAt: instant(clock.now()),
      };
      await organizations.create(organization).catch(ignoreExisting);
      return (await organizations.read(id))?.document ?? organization;
    },

    async read(id: OrganizationId): Promise<Organization | undefined> {
      return (await organizations.read(id))?.document;
    },

    /** The organizations that are open to someone, with the role in each, by name; the first 100. */
    async of(caller: Caller): Promise<{ organization: Organization; role: Role }[]> {
      return (await belongingTo(caller)).filter(({ organization }) => !isClosedTo(organization, caller));
    },

    /** Those that someone belongs to, and gets into only with a second factor. */
    async closedTo(caller: Caller): Promise<{ name: string; slug: string }[]> {
      return (await belongingTo(caller)).flatMap(({ organization }) =>
        isClosedTo(organization, caller) ? [{ name: organization.name, slug: organization.slug }] : [],
      );
    },

    /** The organization of a short name, with no regard to who asks. */
    async bySlug(slug: string): Promise<Organization | undefined> {
      if (!slugSchema.safeParse(slug).success) return undefined;
      const reserved = await slugs.read(organizationSlugKey(slug));
      return reserved && (await organizations.read(reserved.document.names))?.document;
    },

    /**
     * The organization, for someone who belongs to it.
     * @throws Problem not-found for everyone else: who is no member learns nothing; second-factor-required
     */
    async forMember(id: OrganizationId, caller: Caller): Promise<{ organization: Organization; role: Role }> {
      return admit((await organizations.read(id))?.document, caller);
    },

    /** The same by its short name. @throws Problem not-found, second-factor-required */
    async named(slug: string, caller: Caller): Promise<{ organization: Organization; role: Role }> {
      const own = await belongingTo(caller);
      return admit(own.find(({ organization }) => organization.slug === slug)?.organization, caller);
    },

    /**
     * Asks members for a second factor, or no longer. Only an owner whose session proved one may, so that nobody
     * shuts themselves out. @throws Problem not-found, forbidden, second-factor-required
     */
    async requireSecondFactor(
      slug: string,
      caller: Caller & Pick<Session, 'email'>,
      required: boolean,
    ): Promise<Organization> {
      const { organization, role } = await this.named(slug, caller);
      if (role !== 'owner') throw new Problem('forbidden', 'Only an owner decides this.');
      if (!hasSecondFactor(caller)) {
        throw new Problem('second-factor-required', 'Set up your own second step first, then ask for it.');
      }
      const changed = await untold.change(organization, (current) => {
        if (roleOf(current, caller.accountId) !== 'owner') {
          throw new Problem('forbidden', 'Only an owner decides this.');
        }
        const event = {
          organizationId: current.id,
          actor: { kind: 'account', id: caller.accountId, label: caller.email },
          action: 'setting.changed',
          subject: { kind: 'organization', id: current.id, label: current.name },
          details: { requireSecondFactor: required },
        } as const;
        return { document: { ...current, requireSecondFactor: required }, events: [event] };
      });
      return changed ?? organization;
    },
  };
}

export type Organizations = ReturnType<typeof createOrganizations>;

export function ignoreExisting(error: unknown): void {
  if (!(error instanceof DocumentExists)) throw error;
}
