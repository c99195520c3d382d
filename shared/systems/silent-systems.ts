import { day, instant, type Clock, type Instant } from '../clock.ts';
import type { OrganizationId } from '../identifier.ts';
import type { OwnersNotice } from '../organizations/owners-notice.ts';
import type { Collection } from '../store/collection.ts';
import type { GatewayRecord } from './gateway-record.ts';
import type { System } from './system.ts';
import type { Systems } from './systems.ts';

/** How long a system may go without a renewal before its owners hear of it. */
export const silence = 3 * day;

export interface SilentSystemsDependencies {
  readonly gateways: Collection<GatewayRecord>;
  readonly systems: Pick<Systems, 'ofOrganization' | 'gatewaysOf'>;
  readonly owners: Pick<OwnersNotice, 'systemsSilent'>;
  readonly clock: Clock;
}

export interface SilentSystem {
  readonly system: System;
  /** Of the newest renewal of any of its gateways. */
  readonly since: Instant;
}

/** Tells owners of systems that have not renewed for days: once, and of all systems of an organization together. */
export function createSilentSystems({ gateways, systems, owners, clock }: SilentSystemsDependencies) {
  /** @param until what was due before that moment is to be told */
  async function silentOf(organizationId: OrganizationId, until: Instant) {
    const silent: SilentSystem[] = [];
    const due: GatewayRecord[] = [];
    for (const system of await systems.ofOrganization(organizationId)) {
      const own = await systems.gatewaysOf(system.id);
      const untold = own.filter(({ silentAt }) => silentAt !== undefined && silentAt <= until);
      due.push(...untold);
      const since = own.map(lastRenewal).sort().at(-1);
      const stillCounts = untold.some(({ state }) => state === 'active');
      if (stillCounts && since !== undefined && since <= instant(clock.now() - silence)) {
        silent.push({ system, since });
      }
    }
    return { silent, due };
  }

  async function settle({ id, silentAt }: GatewayRecord): Promise<void> {
    await gateways.update(id, id, ({ silentAt: now, ...current }) =>
      now === silentAt ? current : undefined,
    );
  }

  return {
    /**
     * For the expiry timer. What has become due since midnight (UTC) waits for the next day, so that one e-mail a day
     * and organization is enough; its operation id says so, and two runs at once send one. @returns how many gateways
     */
    async tell(most: number): Promise<number> {
      const today = instant(Math.floor(clock.now() / day) * day);
      const page = await gateways.query({
        where: [['silentAt', '<=', today]],
        orderBy: ['silentAt', 'asc'],
        limit: most,
      });
      const found = page.items.map(({ document }) => document);
      for (const organizationId of new Set(found.map((each) => each.organizationId))) {
        const { silent, due } = await silentOf(organizationId, today);
        const told = silent.length === 0 || (await owners.systemsSilent(organizationId, silent, today));
        if (!told) continue;
        const orphans = found.filter((each) => each.organizationId === organizationId);
        for (const gateway of new Map([...due, ...orphans].map((each) => [each.id, each])).values())
          await settle(gateway);
      }
      return found.length;
    },
  };
}

const lastRenewal = ({ renewedAt, createdAt }: GatewayRecord): Instant => renewedAt ?? createdAt;
