import type { OrganizationId } from '../../shared/identifier.ts';
import type { SystemSummary } from '../../shared/pages/system-state.tsx';
import type { Services } from './services.ts';

/** More systems than this are listed without asking each for its tunnel. */
const mostAsked = 25;

/** The systems of an organization as its pages list them. */
export async function systemSummaries(
  services: Services,
  organizationId: OrganizationId,
): Promise<SystemSummary[]> {
  const systems = await services.systems.ofOrganization(organizationId);
  return Promise.all(
    systems.map(async (system, index) => {
      const [state, shareCount, lastSeenAt] = await Promise.all([
        index < mostAsked ? services.tunnelPresence(system.id) : ('unknown' as const),
        services.shares.countOpen(system.id),
        index < mostAsked ? services.systems.lastSeen(system.id) : undefined,
      ]);
      return { id: system.id, name: system.name, state, shareCount, lastSeenAt };
    }),
  );
}
