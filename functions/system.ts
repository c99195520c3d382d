import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { z } from 'zod';
import { auditEntryText } from '../shared/audit/audit-entry-text.ts';
import { instant } from '../shared/clock.ts';
import { mayManage } from '../shared/organizations/organization.ts';
import { ConfirmPage } from '../shared/pages/confirm-page.tsx';
import { portalPaths } from '../shared/pages/portal-paths.ts';
import { SystemPage } from '../shared/pages/system-page.tsx';
import { Problem } from '../shared/problem.ts';
import { shareView } from '../shared/shares/share-view.ts';
import {
  portalPage,
  readOwnForm,
  signedInVisitor,
  signInFirst,
  type SignedInVisitor,
} from './trigger/browser.ts';
import { askingGateways } from './trigger/asking-gateways.ts';
import { http, type Handler } from './trigger/endpoint.ts';
import { formOperation, pageOperation } from './trigger/operation.ts';
import { portalErrors } from './trigger/portal-errors.ts';
import { seeOther } from './trigger/responses.ts';
import type { Services } from './trigger/services.ts';
import { actorOf, systemFor } from './trigger/system-visit.ts';

async function show(
  services: Services,
  visitor: SignedInVisitor,
  request: HttpRequest,
  errors: Record<string, string> = {},
): Promise<HttpResponseInit> {
  const { system, organization, role } = await systemFor(services, visitor, request);
  const [presence, gateways, asking, shares, audit] = await Promise.all([
    system.state === 'connected' ? services.tunnelPresence(system.id) : ('disconnected' as const),
    services.systems.gatewaysOf(system.id),
    mayManage(role) ? askingGateways(services, { systemId: system.id }) : [],
    services.shares.list(system.id, 100),
    mayManage(role) ? services.audit.list(organization.id, { limit: 20 }) : { items: [] },
  ]);
  const now = instant(services.clock.now());
  return portalPage(
    services,
    visitor,
    SystemPage({
      account: visitor.session.email,
      csrf: visitor.csrf,
      system: {
        ...system,
        state: presence,
        lastSeenAt: gateways
          .map(({ seenAt }) => seenAt)
          .filter((at) => at !== undefined)
          .sort()
          .at(-1),
      },
      organization,
      role,
      gateways: gateways.map(({ id, name, createdAt, renewedAt, seenAt, seenFrom, state, stateReason }) => ({
        id,
        name,
        createdAt,
        lastRenewedAt: renewedAt,
        lastSeenAt: seenAt,
        seenFrom,
        state,
        stateReason,
        ...(mayManage(role) &&
          state !== 'disconnected' && { removeUrl: portalPaths.removeGateway(system.id, id) }),
      })),
      asking,
      shares: shares.items.map((share) => ({
        ...shareView(share, services.site, now),
        dashboardTitle: share.dashboard.title,
        held: share.heldSince !== undefined,
      })),
      audit: audit.items.map(auditEntryText),
      errors,
    }),
    Object.keys(errors).length === 0 ? 200 : 400,
  );
}

async function changeShare(
  services: Services,
  visitor: SignedInVisitor,
  request: HttpRequest,
  shareId: string,
  act: string,
): Promise<HttpResponseInit> {
  await readOwnForm(services, request);
  const { system, role } = await systemFor(services, visitor, request);
  if (!mayManage(role)) throw new Problem('forbidden', 'Only owners and admins change shares.');
  const share = await services.shares.ofSystem(system.id, shareId);
  const actor = actorOf(visitor);
  if (act === 'delete') await services.shares.remove(share, actor);
  else await services.shares.update(share, actor, { status: act === 'pause' ? 'paused' : 'active' });
  return seeOther(`/systems/${system.id}`);
}

async function removeGateway(
  services: Services,
  visitor: SignedInVisitor,
  request: HttpRequest,
  gatewayId: string,
): Promise<HttpResponseInit> {
  if (request.method === 'POST') await readOwnForm(services, request);
  const { system, role } = await systemFor(services, visitor, request);
  if (!mayManage(role)) throw new Problem('forbidden', 'Only owners and admins remove gateways.');
  const gateways = await services.systems.gatewaysOf(system.id);
  const gateway = gateways.find(({ id }) => id === gatewayId);
  if (!gateway) throw new Problem('not-found', 'There is no such gateway.');
  if (request.method === 'POST') {
    await services.systems.removeGateway(system, gateway.id, actorOf(visitor));
    return seeOther(portalPaths.system(system.id));
  }
  const last = gateways.filter(({ state }) => state === 'active').every(({ id }) => id === gateway.id);
  return portalPage(
    services,
    visitor,
    ConfirmPage({
      account: visitor.session.email,
      csrf: visitor.csrf,
      title: `Remove gateway ${gateway.name}?`,
      label: 'Remove the gateway',
      text: last
        ? `It is the only gateway of ${system.name} with good credentials: until another one is connected, its dashboards cannot be opened. Its shares stay.`
        : `Its credentials are void at once. The other gateways of ${system.name} and its shares go on.`,
      action: portalPaths.removeGateway(system.id, gateway.id),
      cancelUrl: portalPaths.system(system.id),
    }),
  );
}

async function disconnect(
  services: Services,
  visitor: SignedInVisitor,
  request: HttpRequest,
): Promise<HttpResponseInit> {
  const fields = await readOwnForm(services, request);
  const { system, organization, role } = await systemFor(services, visitor, request);
  if (role !== 'owner') throw new Problem('forbidden', 'Only an owner disconnects a system.');
  if ((fields.confirm ?? '').trim() !== system.name) {
    return show(services, visitor, request, { confirm: 'This is not the name of the system.' });
  }
  await services.systems.disconnect(system, actorOf(visitor));
  return seeOther(`/organizations/${organization.slug}`);
}

async function confirm(
  services: Services,
  visitor: SignedInVisitor,
  request: HttpRequest,
): Promise<HttpResponseInit> {
  await readOwnForm(services, request);
  const { system, role } = await systemFor(services, visitor, request);
  if (role !== 'owner') throw new Problem('forbidden', 'Only an owner confirms what came back.');
  await services.heldShares.confirm(system, actorOf(visitor));
  return seeOther(portalPaths.system(system.id));
}

/** One system: its gateways, its outgoing shares, what happened, and the end of it. */
export const system: Handler = async (services, request) => {
  const visitor = await signedInVisitor(services, request);
  if (!visitor) return signInFirst(request);
  const action = request.params.action ?? '';
  if (request.method === 'GET' && action === '') return show(services, visitor, request);
  if (request.method === 'POST' && action === 'disconnect') return disconnect(services, visitor, request);
  if (request.method === 'POST' && action === 'confirm') return confirm(services, visitor, request);
  const [, gatewayId] = /^gateways\/([^/]+)\/remove$/.exec(action) ?? [];
  if (gatewayId !== undefined) return removeGateway(services, visitor, request, gatewayId);
  const [, shareId, act] = /^shares\/([^/]+)\/(delete|pause|resume)$/.exec(action) ?? [];
  if (request.method === 'POST' && shareId !== undefined && act !== undefined) {
    return changeShare(services, visitor, request, shareId, act);
  }
  throw new Problem('not-found', 'There is no such page.');
};

http('system', {
  methods: ['GET', 'POST'],
  route: 'systems/{systemId}/{*action}',
  handler: system,
  errors: portalErrors,
  operations: [
    pageOperation({
      id: 'showSystem',
      path: '/systems/{systemId}',
      summary: 'A system: its gateways, shares and what happened',
    }),
    formOperation({
      id: 'disconnectSystemByName',
      path: '/systems/{systemId}/disconnect',
      summary: 'Disconnects a system',
      fields: { confirm: z.string().describe('The name of the system.') },
    }),
    formOperation({
      id: 'confirmSystem',
      path: '/systems/{systemId}/confirm',
      summary: 'Confirms the shares that came back from a backup',
    }),
    pageOperation({
      id: 'askToRemoveGateway',
      path: '/systems/{systemId}/gateways/{gatewayId}/remove',
      summary: 'Asks once more before a gateway is removed',
    }),
    formOperation({
      id: 'removeGatewayOfSystem',
      path: '/systems/{systemId}/gateways/{gatewayId}/remove',
      summary: 'Removes one gateway; the system goes on',
    }),
    formOperation({
      id: 'changeShare',
      path: '/systems/{systemId}/shares/{shareId}/{act}',
      params: { act: z.enum(['delete', 'pause', 'resume']) },
      summary: 'Ends, pauses or resumes a share',
      errors: [409],
    }),
  ],
});
