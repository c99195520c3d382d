import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { z } from 'zod';
import { isDeleted } from '../shared/accounts/account.ts';
import { minute } from '../shared/clock.ts';
import type { OrganizationId, SystemId } from '../shared/identifier.ts';
import { normalizeUserCode, type Approval, type DeviceGrant } from '../shared/oauth/device-grant.ts';
import { mayManage, nameSchema, slugSchema } from '../shared/organizations/organization.ts';
import { ConnectCodePage } from '../shared/pages/connect-code-page.tsx';
import { ConnectDonePage } from '../shared/pages/connect-done-page.tsx';
import { ConnectReviewPage } from '../shared/pages/connect-review-page.tsx';
import { ReapprovalPage } from '../shared/pages/reapproval-page.tsx';
import { renewalReasonText } from '../shared/oauth/renewal-reason-text.ts';
import { Problem } from '../shared/problem.ts';
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
import { parseFields } from './trigger/request-body.ts';
import type { Services } from './trigger/services.ts';

const askCode = (services: Services, visitor: SignedInVisitor, userCode: string, detail?: string) =>
  portalPage(
    services,
    visitor,
    ConnectCodePage({
      account: visitor.session.email,
      csrf: visitor.csrf,
      userCode,
      ...(detail !== undefined && { errors: { userCode: detail } }),
    }),
    detail === undefined ? 200 : 400,
  );

async function review(
  services: Services,
  visitor: SignedInVisitor,
  userCode: string,
  grant: DeviceGrant,
  values: Record<string, string> = {},
  errors: Record<string, string> = {},
): Promise<HttpResponseInit> {
  const own = await services.organizations.of(visitor.session);
  const managed = own.filter(({ role }) => mayManage(role)).map(({ organization }) => organization);
  const systems = await Promise.all(
    managed.map(async ({ id: organizationId, name: organizationName }) =>
      (await services.systems.ofOrganization(organizationId)).map(({ id, name }) => ({
        id,
        name,
        organizationName,
      })),
    ),
  );
  return portalPage(
    services,
    visitor,
    ConnectReviewPage({
      account: visitor.session.email,
      csrf: visitor.csrf,
      userCode,
      gatewayName: grant.gatewayName,
      application: grant.application,
      requestedFrom: grant.requestedFrom,
      requestedAt: grant.requestedAt,
      expiresAt: grant.expiresAt,
      organizations: managed.map(({ id, name, slug }) => ({ id, name, slug })),
      systems: systems.flat(),
      termsUrl: services.configuration.termsUrl,
      values,
      errors,
    }),
    Object.keys(errors).length === 0 ? 200 : 400,
  );
}

async function find(
  services: Services,
  visitor: SignedInVisitor,
  entered: string,
): Promise<HttpResponseInit> {
  const typed = entered.slice(0, 40);
  if (typed === '') return askCode(services, visitor, '');
  // RFC 8628 section 5.1: guessing codes must be hopeless.
  await services.throttle.take(`user code ${visitor.session.accountId}`, { count: 20, window: 10 * minute });
  const userCode = normalizeUserCode(typed);
  const grant = userCode && (await services.deviceGrants.pending(userCode));
  if (!userCode || !grant) {
    return askCode(
      services,
      visitor,
      typed,
      'This code is unknown, used or too old. Check it, or start again.',
    );
  }
  return grant.renews ? reviewAgain(services, visitor, userCode) : review(services, visitor, userCode, grant);
}

/** A gateway that is known here asks again. */
async function reviewAgain(
  services: Services,
  visitor: SignedInVisitor,
  userCode: string,
): Promise<HttpResponseInit> {
  const found = await services.reapproval.review(userCode, visitor.session);
  const { grant, system, organization, gateway, others } = found;
  return portalPage(
    services,
    visitor,
    ReapprovalPage({
      account: visitor.session.email,
      csrf: visitor.csrf,
      userCode,
      systemName: system.name,
      organizationName: organization.name,
      gatewayName: gateway?.name ?? grant.gatewayName,
      calledNow: grant.gatewayName,
      application: grant.application,
      why: renewalReasonText[grant.renews.why],
      requestedFrom: grant.requestedFrom,
      requestedAt: grant.requestedAt,
      expiresAt: grant.expiresAt,
      keyIssuedAt: grant.renews.keyIssuedAt,
      present:
        gateway?.state === 'active' && grant.renews.why !== 'expired'
          ? { seenAt: gateway.seenAt ?? gateway.renewedAt, seenFrom: gateway.seenFrom }
          : undefined,
      others: others.map(({ renews, requestedFrom }) => ({
        userCode: renews.userCode,
        from: requestedFrom,
        keyIssuedAt: renews.keyIssuedAt,
      })),
    }),
  );
}

/** @throws Problem invalid-request that names the fields */
function approvalFrom(fields: Record<string, string>): Approval {
  const check = <T>(schema: Parameters<typeof parseFields<T>>[0], field: string): T => {
    try {
      return parseFields(schema, fields[field] ?? '');
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const errors = [{ field, detail: error.errors[0]?.detail ?? error.message }];
      throw new Problem('invalid-request', error.message, { errors });
    }
  };
  if (fields.terms !== 'accepted') {
    const errors = [{ field: 'terms', detail: 'Please accept the terms to connect a system.' }];
    throw new Problem('invalid-request', 'The terms are not accepted.', { errors });
  }
  if (fields.target === 'existing') return { addTo: (fields.existing ?? '') as SystemId };
  return {
    organization:
      (fields.organization ?? 'new') === 'new'
        ? {
            kind: 'new',
            name: check(nameSchema, 'organizationName'),
            slug: check(slugSchema, 'organizationSlug'),
          }
        : { kind: 'existing', id: fields.organization as OrganizationId },
    system: { name: check(nameSchema, 'systemName'), slug: check(slugSchema, 'systemSlug') },
  };
}

async function decide(
  services: Services,
  visitor: SignedInVisitor,
  request: HttpRequest,
): Promise<HttpResponseInit> {
  const fields = await readOwnForm(services, request);
  const userCode = normalizeUserCode(fields.userCode ?? '');
  const grant = userCode && (await services.deviceGrants.pending(userCode));
  const done = (outcome: 'approved' | 'denied' | 'expired' | 'refused', system?: System) =>
    portalPage(
      services,
      visitor,
      ConnectDonePage({
        account: visitor.session.email,
        csrf: visitor.csrf,
        outcome,
        systemName: system?.name,
        systemId: system?.id,
      }),
    );
  if (!userCode || !grant) return done('expired');
  if (grant.renews) {
    if (fields.decision === 'approve') {
      return done('approved', await services.reapproval.approve(userCode, visitor.session));
    }
    await services.reapproval.refuse(userCode, visitor.session);
    return done('refused');
  }
  if (fields.decision === 'deny') {
    const { accountId: id, email } = visitor.session;
    await services.deviceGrants.deny(userCode, { id, email });
    return done('denied');
  }
  const account = (await services.accounts.read(visitor.session.accountId))?.document;
  if (!account || isDeleted(account)) throw new Problem('forbidden', 'Please sign in again.');
  try {
    const approver = { ...account, factors: visitor.session.factors };
    const system = await services.deviceGrants.approve(userCode, approver, approvalFrom(fields));
    return done('approved', system);
  } catch (error) {
    if (!(error instanceof Problem) || error.errors.length === 0) throw error;
    const errors = Object.fromEntries(error.errors.map(({ field, detail }) => [field, detail]));
    return review(services, visitor, userCode, grant, fields, errors);
  }
}

/** RFC 8628 section 3.3: the admin sees which gateway asks, and from where, and approves or denies. */
export const connect: Handler = async (services, request) => {
  const signedIn = await signedInVisitor(services, request);
  if (!signedIn) return signInFirst(request);
  switch (`${request.method} ${request.params.step ?? ''}`) {
    case 'GET ':
      return find(services, signedIn, request.query.get('user_code') ?? '');
    case 'POST find':
      return find(services, signedIn, (await readOwnForm(services, request)).userCode ?? '');
    case 'POST decide':
      return decide(services, signedIn, request);
    default:
      throw new Problem('not-found', 'There is no such page.');
  }
};

http('connect', {
  methods: ['GET', 'POST'],
  route: 'connect/{step?}',
  handler: connect,
  errors: portalErrors,
  operations: [
    pageOperation({
      id: 'showConnect',
      path: '/connect',
      summary: 'Asks for the code that a gateway shows, or shows the gateway that a code belongs to',
      query: z.object({ user_code: z.string().optional() }),
      errors: [429],
    }),
    formOperation({
      id: 'findConnect',
      path: '/connect/find',
      summary: 'Shows the gateway that a typed code belongs to',
      fields: { userCode: z.string() },
      errors: [429],
    }),
    formOperation({
      id: 'decideConnect',
      path: '/connect/decide',
      summary: 'Approves or denies a gateway (RFC 8628 section 3.3)',
      fields: {
        userCode: z.string(),
        decision: z.enum(['approve', 'deny']),
        terms: z.literal('accepted').optional(),
        target: z.enum(['new', 'existing']).optional(),
        existing: z.string().optional().describe('The id of a system to which the gateway is added.'),
        organization: z.string().optional().describe('The id of one, or `new`.'),
        organizationName: nameSchema.optional(),
        organizationSlug: slugSchema.optional(),
        systemName: nameSchema.optional(),
        systemSlug: slugSchema.optional(),
      },
      errors: [404, 409],
    }),
  ],
});
