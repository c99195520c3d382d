import type { Session } from '../accounts/session.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { instant, minute, second, type Clock } from '../clock.ts';
import type { OrganizationId, SystemId } from '../identifier.ts';
import { mayManage, type Organizations } from '../organizations/organization.ts';
import type { OwnersNotice } from '../organizations/owners-notice.ts';
import { Problem } from '../problem.ts';
import type { Collection } from '../store/collection.ts';
import type { GatewayCredentials } from '../systems/gateway-credentials.ts';
import type { GatewayRecord } from '../systems/gateway-record.ts';
import type { System } from '../systems/system.ts';
import type { DeviceGrant, DeviceGrants, RenewalReason } from './device-grant.ts';
import { OAuthError } from './oauth-error.ts';
import type { GenuineRefreshKey } from './refresh-key.ts';
import { isOfEarlierLine, refreshKeyLifetime } from './refresh-rules.ts';

/** A gateway polls at least once a minute; who has not for two is gone, or has got another code. */
const longestSilence = 2 * minute;

/** So many requests of one gateway wait at a time: itself, and copies of it. */
const mostWaiting = 6;

/** Who is signed in at the portal. */
export type Decider = Pick<Session, 'accountId' | 'email' | 'factors'>;

/** A grant of a gateway that asks again. */
export type RenewalGrant = DeviceGrant & { readonly renews: NonNullable<DeviceGrant['renews']> };

export interface GatewayReapprovalDependencies {
  readonly grants: Collection<DeviceGrant>;
  readonly systems: Collection<System>;
  readonly gateways: Collection<GatewayRecord>;
  readonly deviceGrants: Pick<DeviceGrants, 'request' | 'pending'>;
  readonly credentials: Pick<GatewayCredentials, 'holderOf' | 'beginLine'>;
  readonly organizations: Organizations;
  readonly owners: Pick<OwnersNotice, 'gatewayAsks'>;
  readonly audit: AuditLog;
  readonly clock: Clock;
}

function noMember(error: unknown): undefined {
  if (!(error instanceof Problem) || error.code !== 'not-found') throw error;
}

function reasonOf(gateway: GatewayRecord, key: GenuineRefreshKey, now: number): RenewalReason {
  if (gateway.state === 'revoked') return gateway.theftGeneration === undefined ? 'revoked' : 'reused';
  if (isOfEarlierLine(gateway, key.generation)) return 'superseded';
  return now / second >= key.issuedAt + refreshKeyLifetime ? 'expired' : 'none';
}

/**
 * Gateways that lost their credentials ask again by themselves, and owners and admins decide in the portal. What an
 * approval gives is new credentials; system, gateway and shares stay what they are.
 *
 * A gateway proves which one it is by the last refresh key it holds, expired or revoked as it may be: to know its
 * name or id is not enough to put a request before the owners.
 */
export function createGatewayReapproval(deps: GatewayReapprovalDependencies) {
  const { grants, systems, gateways, deviceGrants, credentials, organizations, owners, audit, clock } = deps;

  const waiting = (grant: DeviceGrant): grant is RenewalGrant => {
    const heardOf = Date.parse(grant.polledAt ?? grant.requestedAt);
    return grant.renews !== undefined && grant.state === 'pending' && clock.now() - heardOf < longestSilence;
  };

  async function waitingBy(
    field: 'systemId' | 'organizationId',
    id: SystemId | OrganizationId,
  ): Promise<RenewalGrant[]> {
    const { items } = await grants.query({
      where: [
        [field, '=', id],
        ['expiresAt', '>', instant(clock.now())],
      ],
      orderBy: ['expiresAt', 'asc'],
      limit: 200,
    });
    return items.map(({ document }) => document).filter(waiting);
  }

  const waitingOf = async ({ systemId, gatewayId }: DeviceGrant): Promise<RenewalGrant[]> =>
    (await waitingBy('systemId', systemId)).filter((grant) => grant.gatewayId === gatewayId);

  /** Of the address that asks most often the oldest request goes, so that one copy cannot crowd out the others. */
  async function makeRoom(newest: DeviceGrant): Promise<void> {
    const all = await waitingOf(newest);
    const others = all.filter(({ id }) => id !== newest.id);
    const share = (from: string) => all.filter(({ requestedFrom }) => requestedFrom === from).length;
    for (let surplus = all.length - mostWaiting; surplus > 0; surplus--) {
      const most = Math.max(...others.map(({ requestedFrom }) => share(requestedFrom)));
      const at = others.findIndex(({ requestedFrom }) => share(requestedFrom) === most);
      const [gone] = others.splice(at, 1);
      if (!gone) return;
      await grants.update(gone.pk, gone.id, (current) =>
        current.state === 'pending' ? { ...current, expiresAt: instant(clock.now()) } : undefined,
      );
    }
  }

  /** Once for all the requests until an approval: a gateway may ask for weeks. */
  async function tell(
    gateway: GatewayRecord,
    system: System,
    why: RenewalReason,
    from: string,
  ): Promise<void> {
    if (gateway.askedAt !== undefined) return;
    // Of a theft the owners were told already, and that the gateway asks.
    if (why !== 'reused') await owners.gatewayAsks(gateway, system, why, from);
    await gateways.update(gateway.pk, gateway.id, (current) =>
      current.askedAt === undefined ? { ...current, askedAt: instant(clock.now()) } : undefined,
    );
    await audit.append({
      organizationId: gateway.organizationId,
      actor: { kind: 'gateway', id: gateway.id, label: gateway.name },
      action: 'gateway.asked',
      subject: { kind: 'system', id: system.id, label: system.name },
      details: { why, from },
    });
  }

  /** @throws Problem not-found; forbidden for everyone but owners and admins of the system's organization */
  async function decidable(userCode: string, decider: Decider) {
    const grant = await deviceGrants.pending(userCode);
    const system = grant?.renews && (await systems.read(grant.systemId))?.document;
    if (!grant?.renews || system?.state !== 'connected') {
      throw new Problem('not-found', 'This code is unknown, decided or too old.');
    }
    const found = await organizations.forMember(system.organizationId, decider).catch(noMember);
    if (!found || !mayManage(found.role)) {
      throw new Problem(
        'forbidden',
        'Only an owner or admin of the organization that this gateway belongs to can decide. They see the request in the portal, too.',
      );
    }
    return { grant: grant as RenewalGrant, system, organization: found.organization };
  }

  const actorOf = ({ accountId, email }: Decider) =>
    ({ kind: 'account', id: accountId, label: email }) as const;

  return {
    /**
     * A gateway asks again.
     * @param presented the last refresh key it holds
     * @returns undefined when this service never issued that key: then it asks like any other that is new
     * @throws OAuthError invalid_grant when the gateway or its system was ended for good
     */
    async request(from: {
      gatewayName: string;
      application?: string | undefined;
      source: string;
      presented: string;
    }): Promise<Awaited<ReturnType<DeviceGrants['request']>> | undefined> {
      const holder = await credentials.holderOf(from.presented);
      if (!holder) return undefined;
      const { key, gateway } = holder;
      const system = gateway && (await systems.read(gateway.systemId))?.document;
      if (gateway?.state === 'removed' && system?.state === 'connected') {
        throw new OAuthError(
          'invalid_grant',
          'This gateway was removed from its system: connect it anew to add it again.',
          'gateway_removed',
        );
      }
      if (!gateway || gateway.state === 'disconnected' || system?.state !== 'connected') {
        throw new OAuthError(
          'invalid_grant',
          'This system no longer exists here: connect it anew.',
          'system_deleted',
        );
      }
      const why = reasonOf(gateway, key, clock.now());
      const answer = await deviceGrants.request({
        ...from,
        renewal: {
          systemId: system.id,
          gatewayId: gateway.id,
          organizationId: system.organizationId,
          why,
          generation: key.generation,
          keyIssuedAt: instant(key.issuedAt * second),
        },
      });
      const made = await deviceGrants.pending(answer.userCode);
      if (made) await makeRoom(made);
      await tell(gateway, system, why, from.source);
      return answer;
    },

    /** The gateways of a system that ask just now, and copies of them, the oldest request first. */
    ofSystem: (id: SystemId): Promise<RenewalGrant[]> => waitingBy('systemId', id),

    /** The same for all systems of an organization. */
    ofOrganization: (id: OrganizationId): Promise<RenewalGrant[]> => waitingBy('organizationId', id),

    /** What stands behind a code, for someone who may decide it. @throws Problem not-found, forbidden */
    async review(userCode: string, decider: Decider) {
      const { grant, system, organization } = await decidable(userCode, decider);
      const others = (await waitingOf(grant)).filter(({ id }) => id !== grant.id);
      const gateway = (await gateways.read(grant.gatewayId))?.document;
      return { grant, system, organization, gateway, others };
    },

    /**
     * Approves: the gateway gets new credentials under its own id, and whatever was issued before is dead. All other
     * requests of the same gateway are refused: of two that hold one identity one is a copy, and an open request
     * would let one more click cut off the gateway that was just approved.
     * @throws Problem not-found, forbidden, conflict
     */
    async approve(userCode: string, decider: Decider): Promise<System> {
      const { grant, system } = await decidable(userCode, decider);
      // First the credentials: should we die before the grant is written, a second approval begins another line.
      const line = await credentials.beginLine(grant.gatewayId, grant.renews.generation);
      await grants.update(grant.pk, grant.id, (current) =>
        current.state === 'pending' ? { ...current, state: 'approved', line } : undefined,
      );
      const others = (await waitingOf(grant)).filter(({ id }) => id !== grant.id);
      for (const other of others) await deny(other);
      await audit.append({
        organizationId: system.organizationId,
        actor: actorOf(decider),
        action: 'gateway.approved',
        subject: { kind: 'system', id: system.id, label: system.name },
        details: {
          gateway: grant.gatewayName,
          from: grant.requestedFrom,
          why: grant.renews.why,
          ...(others.length > 0 && { othersRefused: others.map((each) => each.requestedFrom).join(', ') }),
        },
      });
      return system;
    },

    /** Refuses whatever waits of a gateway that was ended for good. */
    async withdraw(gateway: Pick<GatewayRecord, 'id' | 'systemId'>): Promise<void> {
      const all = await waitingBy('systemId', gateway.systemId);
      for (const grant of all) if (grant.gatewayId === gateway.id) await deny(grant);
    },

    /** Refuses one request; the gateway waits a day before it asks again by itself. @throws Problem */
    async refuse(userCode: string, decider: Decider): Promise<void> {
      const { grant, system } = await decidable(userCode, decider);
      await deny(grant);
      await audit.append({
        organizationId: system.organizationId,
        actor: actorOf(decider),
        action: 'gateway.refused',
        subject: { kind: 'system', id: system.id, label: system.name },
        details: { gateway: grant.gatewayName, from: grant.requestedFrom, why: grant.renews.why },
      });
    },
  };

  async function deny(grant: DeviceGrant): Promise<void> {
    await grants.update(grant.pk, grant.id, (current) =>
      current.state === 'pending' ? { ...current, state: 'denied' } : undefined,
    );
  }
}

export type GatewayReapproval = ReturnType<typeof createGatewayReapproval>;
