import type { AuditActor, AuditLog } from '../audit/audit-log.ts';
import type { UntoldEvents } from '../audit/untold-events.ts';
import { instant, type Clock, type Instant } from '../clock.ts';
import type { GatewayId, OrganizationId, SystemId } from '../identifier.ts';
import { Problem } from '../problem.ts';
import type { GatewayReapproval } from '../oauth/gateway-reapproval.ts';
import type { OwnersNotice } from '../organizations/owners-notice.ts';
import type { Shares } from '../shares/shares.ts';
import type { Collection } from '../store/collection.ts';
import type { GatewayCredentials } from './gateway-credentials.ts';
import type { GatewayRecord } from './gateway-record.ts';
import type { System } from './system.ts';

export interface SystemsDependencies {
  readonly systems: Collection<System>;
  readonly gateways: Collection<GatewayRecord>;
  readonly credentials: GatewayCredentials;
  readonly shares: Shares;
  readonly audit: AuditLog;
  readonly untold: UntoldEvents<System>;
  readonly owners: Pick<OwnersNotice, 'systemDisconnected'>;
  readonly reapproval: Pick<GatewayReapproval, 'withdraw'>;
  readonly clock: Clock;
}

/** Who did something, as owners and gateways read it. */
const nameOf = (actor: AuditActor): string =>
  actor.kind === 'gateway' ? `its gateway ${actor.label ?? actor.id}` : (actor.label ?? actor.id);

export function createSystems({
  systems,
  gateways,
  credentials,
  shares,
  audit,
  untold,
  owners,
  reapproval,
  clock,
}: SystemsDependencies) {
  /**
   * Ends gateways and shares, tells the owners, then ends the system. Repeating it finishes what a crash left half
   * done; the owners get one e-mail.
   * @param by in words; undefined where there is nobody to tell the owners of
   */
  async function finishDisconnect(
    system: System,
    actor: AuditActor,
    by: string | undefined,
    openShares: number,
  ): Promise<void> {
    await credentials.disconnectAll(system.id, by ?? nameOf(actor));
    await shares.endAll(system.id, actor);
    if (by !== undefined) await owners.systemDisconnected(system, by, openShares);
    await systems.update(system.pk, system.id, (current) =>
      current.state === 'disconnecting'
        ? { ...current, state: 'disconnected', disconnectedAt: instant(clock.now()) }
        : undefined,
    );
  }

  return {
    async read(id: SystemId): Promise<System | undefined> {
      return (await systems.read(id))?.document;
    },

    /**
     * Who asks with this access token.
     * @throws Problem unauthorized
     */
    async authenticate(accessToken: string | undefined) {
      const bearer = accessToken === undefined ? undefined : await credentials.authenticate(accessToken);
      const system = bearer && (await systems.read(bearer.systemId))?.document;
      if (!bearer || system?.state !== 'connected') {
        throw new Problem('unauthorized', 'The access token is missing, not valid, or no longer valid.');
      }
      const actor: AuditActor = { kind: 'gateway', id: bearer.gateway.id, label: bearer.gateway.name };
      return { system, gateway: bearer.gateway, actor };
    },

    /** The systems of an organization that are connected; the first 1,000, by name. */
    async ofOrganization(organizationId: OrganizationId): Promise<System[]> {
      const { items } = await systems.query({
        where: [['organizationId', '=', organizationId]],
        limit: 1000,
      });
      return items
        .map(({ document }) => document)
        .filter(({ state }) => state === 'connected')
        .sort((a, b) => a.name.localeCompare(b.name));
    },

    /** One gateway, whatever its state. */
    async gateway(id: GatewayId): Promise<GatewayRecord | undefined> {
      return (await gateways.read(id))?.document;
    },

    /** The gateways of a system, oldest first; those that were removed are none any more. */
    async gatewaysOf(systemId: SystemId): Promise<GatewayRecord[]> {
      const { items } = await gateways.query({ where: [['systemId', '=', systemId]], limit: 1000 });
      return items
        .map(({ document }) => document)
        .filter(({ state }) => state !== 'removed')
        .sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1));
    },

    /**
     * Removes one gateway, while the system, its shares and its other gateways go on.
     * @throws Problem not-found, also for the gateway of another system
     */
    async removeGateway(system: System, id: string, actor: AuditActor): Promise<void> {
      const gateway = (await gateways.read(id))?.document;
      if (gateway?.systemId !== system.id) throw new Problem('not-found', 'There is no such gateway.');
      const removed = await credentials.remove(gateway.id, nameOf(actor));
      await reapproval.withdraw(gateway);
      if (!removed) return;
      await audit.append({
        organizationId: system.organizationId,
        actor,
        action: 'gateway.removed',
        subject: { kind: 'system', id: system.id, label: system.name },
        details: { gateway: gateway.name },
      });
    },

    /** When one of its gateways was seen last; noted a few times an hour. */
    async lastSeen(systemId: SystemId): Promise<Instant | undefined> {
      const { items } = await gateways.query({ where: [['systemId', '=', systemId]], limit: 100 });
      return items
        .map(({ document }) => document.seenAt)
        .filter((at) => at !== undefined)
        .sort()
        .at(-1);
    },

    /** Disconnects: from the first write on the system has no access, and its shares are closed. */
    async disconnect(system: System, actor: AuditActor): Promise<void> {
      const openShares = await shares.countOpen(system.id);
      const by = nameOf(actor);
      let first = false;
      const stored = await untold.change(
        system,
        (current) => {
          first = current.state === 'connected';
          if (!first) return undefined;
          const { organizationId, id, name } = current;
          const subject = { kind: 'system', id, label: name };
          return {
            document: { ...current, state: 'disconnecting', disconnectedBy: by },
            events: [{ organizationId, actor, action: 'system.disconnected', subject }],
          };
        },
        () => finishDisconnect(system, actor, by, openShares),
      );
      if (first || !stored) return;
      // Who asks again finishes what a host that died left.
      if (stored.state === 'disconnecting')
        await finishDisconnect(stored, actor, stored.disconnectedBy, openShares);
      await untold.finish(stored);
    },

    /** For the expiry timer: ends what was being disconnected when a host died. @returns how many */
    async finishDisconnecting(limit: number): Promise<number> {
      const { items } = await systems.query({ where: [['state', '=', 'disconnecting']], limit });
      for (const { document } of items) {
        const openShares = await shares.countOpen(document.id);
        const { disconnectedBy } = document;
        await finishDisconnect(document, { kind: 'service', id: 'expiry' }, disconnectedBy, openShares);
      }
      return items.length;
    },
  };
}

export type Systems = ReturnType<typeof createSystems>;
