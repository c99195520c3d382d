import type { OrganizationId, SystemId } from '../../shared/identifier.ts';
import { renewalReasonText } from '../../shared/oauth/renewal-reason-text.ts';
import type { AskingGateway } from '../../shared/pages/asking-gateways.tsx';
import type { Services } from './services.ts';

/** The gateways that ask to be connected again, as pages for owners and admins list them. */
export async function askingGateways(
  { reapproval, systems }: Services,
  of: { systemId: SystemId } | { organizationId: OrganizationId },
): Promise<AskingGateway[]> {
  const grants = await ('systemId' in of
    ? reapproval.ofSystem(of.systemId)
    : reapproval.ofOrganization(of.organizationId));
  const found = await Promise.all(
    grants.map(async ({ gatewayId, gatewayName, systemId, requestedFrom, requestedAt, renews }) => {
      const [system, gateway] = await Promise.all([systems.read(systemId), systems.gateway(gatewayId)]);
      if (system?.state !== 'connected') return [];
      return {
        gatewayId,
        gatewayName: gateway?.name ?? gatewayName,
        systemName: system.name,
        from: requestedFrom,
        why: renewalReasonText[renews.why],
        userCode: renews.userCode,
        askedAt: requestedAt,
      };
    }),
  );
  return found.flat();
}
