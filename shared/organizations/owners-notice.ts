import { credentialsRevokedEmail } from '../email/credentials-revoked-email.ts';
import type { EmailContent, EmailSender } from '../email/email-sender.ts';
import { gatewayAsksEmail } from '../email/gateway-asks-email.ts';
import { sharesHeldEmail } from '../email/shares-held-email.ts';
import { systemDisconnectedEmail } from '../email/system-disconnected-email.ts';
import { systemsSilentEmail } from '../email/systems-silent-email.ts';
import { instant, type Clock, type Instant } from '../clock.ts';
import { sha256, type OrganizationId } from '../identifier.ts';
import type { Log } from '../log.ts';
import type { Collection } from '../store/collection.ts';
import type { GatewayRecord } from '../systems/gateway-record.ts';
import type { SilentSystem } from '../systems/silent-systems.ts';
import type { System } from '../systems/system.ts';
import { renewalReasonText } from '../oauth/renewal-reason-text.ts';
import type { RenewalReason } from '../oauth/device-grant.ts';
import type { Organization, Organizations, Role } from './organization.ts';

export interface OwnersNoticeDependencies {
  readonly organizations: Organizations;
  readonly systems: Collection<System>;
  readonly email: EmailSender;
  readonly clock: Clock;
  readonly log: Log;
  readonly publicOrigin: string;
}

/** E-mails that every owner of an organization gets, once an event. */
export function createOwnersNotice(deps: OwnersNoticeDependencies) {
  const { organizations, systems, email, clock, log, publicOrigin } = deps;

  /**
   * @param event names the event, so that telling of it again sends nothing
   * @returns false when it is worth telling again
   */
  async function tell(
    organizationId: OrganizationId,
    event: string,
    content: (organization: Organization) => EmailContent,
    roles: readonly Role[] = ['owner'],
  ): Promise<boolean> {
    const organization = await organizations.read(organizationId);
    let all = true;
    if (!organization) return all;
    for (const owner of organization.members.filter(({ role }) => roles.includes(role))) {
      const outcome = await email.send({
        ...content(organization),
        to: owner.email,
        operationId: `notice-${sha256(`${event} ${owner.accountId}`)}`,
      });
      if (outcome.status !== 'sent') log.warn('owner not told', { organizationId, status: outcome.status });
      all &&= outcome.status !== 'deferred';
    }
    return all;
  }

  return {
    async credentialsRevoked(gateway: GatewayRecord, reason: string): Promise<void> {
      const system = await systems.read(gateway.systemId);
      await tell(gateway.organizationId, `revoked ${gateway.id} ${gateway.generation}`, () =>
        credentialsRevokedEmail({
          systemName: system?.document.name ?? gateway.systemId,
          gatewayName: gateway.name,
          reason,
          link: `${publicOrigin}/systems/${gateway.systemId}`,
        }),
      );
    },

    /** For all who may approve it. */
    async gatewayAsks(
      gateway: GatewayRecord,
      system: System,
      why: RenewalReason,
      from: string,
    ): Promise<void> {
      await tell(
        gateway.organizationId,
        `asks ${gateway.id} ${gateway.generation}`,
        () =>
          gatewayAsksEmail({
            systemName: system.name,
            gatewayName: gateway.name,
            reason: renewalReasonText[why],
            from,
            link: `${publicOrigin}/systems/${system.id}`,
          }),
        ['owner', 'admin'],
      );
    },

    /** @param since names the event */
    async sharesHeld(system: System, shares: number, since: string): Promise<void> {
      await tell(system.organizationId, `held ${system.id} ${since}`, ({ name }) =>
        sharesHeldEmail({
          systemName: system.name,
          organizationName: name,
          shares,
          link: `${publicOrigin}/systems/${system.id}`,
        }),
      );
    },

    /** @param day names it: once a day at the most. @returns false when it is worth telling again */
    systemsSilent(
      organizationId: OrganizationId,
      silent: readonly SilentSystem[],
      day: Instant,
    ): Promise<boolean> {
      return tell(organizationId, `silent ${organizationId} ${day}`, ({ name, slug }) =>
        systemsSilentEmail({
          organizationName: name,
          systems: silent.map(({ system, since }) => ({ name: system.name, since })),
          link: `${publicOrigin}/organizations/${slug}`,
        }),
      );
    },

    async systemDisconnected(system: System, by: string, sharesEnded: number): Promise<void> {
      await tell(system.organizationId, `disconnected ${system.id}`, ({ name, slug }) =>
        systemDisconnectedEmail({
          systemName: system.name,
          organizationName: name,
          by,
          at: instant(clock.now()),
          sharesEnded,
          link: `${publicOrigin}/organizations/${slug}`,
        }),
      );
    },
  };
}

export type OwnersNotice = ReturnType<typeof createOwnersNotice>;
