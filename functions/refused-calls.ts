import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { z } from 'zod';
import { describeRule } from '../shared/allowlist/describe.ts';
import { mayManage } from '../shared/organizations/organization.ts';
import { AdmitCallPage } from '../shared/pages/admit-call-page.tsx';
import { portalPaths } from '../shared/pages/portal-paths.ts';
import { RefusedCallsPage } from '../shared/pages/refused-calls-page.tsx';
import { Problem } from '../shared/problem.ts';
import type { Share } from '../shared/shares/share.ts';
import type { System } from '../shared/systems/system.ts';
import {
  portalPage,
  readOwnForm,
  signedInVisitor,
  signInFirst,
  type SignedInVisitor,
} from './trigger/browser.ts';
import { http, type Handler } from './trigger/endpoint.ts';
import { formOperation, pageOperation } from './trigger/operation.ts';
import { portalErrors } from './trigger/portal-errors.ts';
import { seeOther } from './trigger/responses.ts';
import type { Services } from './trigger/services.ts';
import { actorOf, systemFor } from './trigger/system-visit.ts';

interface Seen {
  readonly services: Services;
  readonly visitor: SignedInVisitor;
  readonly system: System;
  readonly share: Share;
}

async function show({ services, visitor, system, share }: Seen): Promise<HttpResponseInit> {
  const { rules } = await services.allowlistChanges.allowlistOf(share);
  const words = new Map(rules.map((rule) => [rule.id, describeRule(rule)]));
  const page = RefusedCallsPage({
    account: visitor.session.email,
    csrf: visitor.csrf,
    system,
    share: {
      id: share.id,
      title: share.dashboard.title,
      waitsForGateway: share.gatewayAllowlistId !== undefined,
    },
    calls: (await services.refusedCalls.of(share.id)).map((call) => ({
      ...call,
      nearestRule: call.nearestRule === undefined ? undefined : words.get(call.nearestRule),
    })),
  });
  return portalPage(services, visitor, page);
}

/** The first time it shows what exactly would be admitted; the form of that page admits it. */
async function admit(
  { services, visitor, system, share }: Seen,
  request: HttpRequest,
): Promise<HttpResponseInit> {
  const { rule } = await readOwnForm(services, request);
  const callId = request.params.callId ?? '';
  if (rule !== undefined) {
    await services.allowlistChanges.admit(share, actorOf(visitor), callId, rule);
    return seeOther(portalPaths.refusedCalls(system.id, share.id));
  }
  const proposal = await services.allowlistChanges.propose(share, callId);
  const page = AdmitCallPage({
    account: visitor.session.email,
    csrf: visitor.csrf,
    systemId: system.id,
    share: { id: share.id, title: share.dashboard.title },
    ...proposal,
  });
  return portalPage(services, visitor, page);
}

/** What a share refused, why, and the one action that admits a call. */
export const refusedCalls: Handler = async (services, request) => {
  const visitor = await signedInVisitor(services, request);
  if (!visitor) return signInFirst(request);
  const { system, role } = await systemFor(services, visitor, request);
  if (!mayManage(role)) throw new Problem('forbidden', 'Only owners and admins see what shares refused.');
  const share = await services.shares.ofSystem(system.id, request.params.shareId ?? '');
  const seen = { services, visitor, system, share };
  return request.method === 'POST' ? admit(seen, request) : show(seen);
};

http('refused-calls', {
  methods: ['GET', 'POST'],
  // Tried before `system`, which takes the rest: by name.
  route: 'systems/{systemId}/shares/{shareId}/refused/{callId?}',
  handler: refusedCalls,
  errors: portalErrors,
  operations: [
    pageOperation({
      id: 'showRefusedCalls',
      path: '/systems/{systemId}/shares/{shareId}/refused',
      summary: 'The calls that a share refused, and why',
      errors: [409],
    }),
    formOperation({
      id: 'admitCall',
      path: '/systems/{systemId}/shares/{shareId}/refused/{callId}',
      summary: 'Shows what would be admitted, and admits what was shown',
      fields: { rule: z.string().optional().describe('Of the rule that was shown.') },
      errors: [409],
    }),
  ],
});
