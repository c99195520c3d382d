import type { HttpRequest } from '@azure/functions';
import type { AuditActor } from '../../shared/audit/audit-log.ts';
import type { SystemId } from '../../shared/identifier.ts';
import { Problem } from '../../shared/problem.ts';
import type { SignedInVisitor } from './browser.ts';
import type { Services } from './services.ts';

/** The system that the route names, for a member of its organization. @throws Problem not-found for all others */
export async function systemFor(services: Services, visitor: SignedInVisitor, request: HttpRequest) {
  const system = await services.systems.read((request.params.systemId ?? '') as SystemId);
  if (!system) throw new Problem('not-found', 'There is no such system.');
  const found = await services.organizations.forMember(system.organizationId, visitor.session);
  return { system, ...found };
}

export const actorOf = ({ session }: SignedInVisitor): AuditActor => ({
  kind: 'account',
  id: session.accountId,
  label: session.email,
});
