import type { AuditActor } from '../audit/audit-log.ts';
import type { UntoldEvents } from '../audit/untold-events.ts';
import { instant, type Clock } from '../clock.ts';
import type { OrganizationId } from '../identifier.ts';
import { Problem } from '../problem.ts';
import type { Collection } from '../store/collection.ts';
import type { Systems } from '../systems/systems.ts';
import { requireOwner } from './member-rules.ts';
import type { Membership, Organization } from './organization.ts';
import type { Acting } from './organization-members.ts';

export interface OrganizationLifeDependencies {
  readonly organizations: Collection<Organization>;
  readonly memberships: Collection<Membership>;
  readonly systems: Pick<Systems, 'ofOrganization' | 'disconnect'>;
  readonly untold: UntoldEvents<Organization>;
  readonly clock: Clock;
}

const actorOf = ({ accountId, email }: Acting): AuditActor => ({
  kind: 'account',
  id: accountId,
  label: email,
});

/** What happens to an organization as a whole. */
export function createOrganizationLife(deps: OrganizationLifeDependencies) {
  const { organizations, memberships, systems, untold, clock } = deps;
  return {
    /** Its short name, which links hold, stays. @throws Problem not-found, forbidden */
    async rename(id: OrganizationId, by: Acting, name: string): Promise<void> {
      await untold.change({ pk: id, id }, (current) => {
        requireOwner(current, by.accountId);
        if (current.name === name) return undefined;
        const subject = { kind: 'organization', id, label: name };
        const details = { from: current.name, to: name };
        const event = { organizationId: id, actor: actorOf(by), subject, details } as const;
        return {
          document: { ...current, name },
          events: [{ ...event, action: 'organization.changed' }],
        };
      });
    },

    /**
     * Deletes an organization that has no connected system. Its short name stays taken, so that an old link
     * never leads to somebody else; its audit trail stays with the operator for as long as audit is kept.
     *
     * @throws Problem not-found, forbidden, conflict while a system is connected
     */
    async remove(id: OrganizationId, by: Acting): Promise<void> {
      const found = await organizations.read(id);
      if (!found) throw new Problem('not-found', 'There is no such organization.');
      requireOwner(found.document, by.accountId);
      if ((await systems.ofOrganization(id)).length > 0) {
        const detail = 'Disconnect its systems first.';
        throw new Problem('conflict', detail, { errors: [{ field: 'confirm', detail }] });
      }
      let members: Organization['members'] = [];
      await untold.change(
        { pk: id, id },
        (current) => {
          requireOwner(current, by.accountId);
          ({ members } = current);
          const subject = { kind: 'organization', id, label: current.name };
          return {
            document: { ...current, members: [], invitations: [], deletedAt: instant(clock.now()) },
            events: [{ organizationId: id, actor: actorOf(by), action: 'organization.deleted', subject }],
          };
        },
        async () => {
          // Approved between the look and the deletion; whoever is approved later finds no organization.
          for (const system of await systems.ofOrganization(id))
            await systems.disconnect(system, actorOf(by));
        },
      );
      for (const { accountId } of members) await memberships.remove(accountId, id);
    },
  };
}

export type OrganizationLife = ReturnType<typeof createOrganizationLife>;
