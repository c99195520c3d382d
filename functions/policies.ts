import type { HttpResponseInit } from '@azure/functions';
import { z } from 'zod';
import { hasSecondFactor } from '../shared/accounts/factor.ts';
import { requireManager } from '../shared/organizations/organization.ts';
import { PoliciesPage, type BreakingShareView } from '../shared/pages/policies-page.tsx';
import { PolicyReviewPage } from '../shared/pages/policy-review-page.tsx';
import { portalPaths } from '../shared/pages/portal-paths.ts';
import { existingChoices, type BreakingShare } from '../shared/policies/policies.ts';
import {
  policyFieldNames,
  policyFields,
  readPolicyFields,
  type PolicyFields,
} from '../shared/policies/policy-form.ts';
import { Problem } from '../shared/problem.ts';
import { portalPage, readOwnForm, signedInVisitor, signInFirst } from './trigger/browser.ts';
import { http, type Handler } from './trigger/endpoint.ts';
import { organizationFor } from './trigger/organization-view.ts';
import { formOperation, pageOperation } from './trigger/operation.ts';
import { portalErrors } from './trigger/portal-errors.ts';
import { seeOther } from './trigger/responses.ts';
import type { Services } from './trigger/services.ts';
import { actorOf } from './trigger/system-visit.ts';

const existingSchema = z.enum(existingChoices);

async function viewsOf(services: Services, shares: readonly BreakingShare[]): Promise<BreakingShareView[]> {
  const ids = [...new Set(shares.map(({ share }) => share.systemId))];
  const systems = new Map(
    await Promise.all(ids.map(async (id) => [id, await services.systems.read(id)] as const)),
  );
  return shares.map(({ share, faults }) => ({
    title: share.dashboard.title,
    system: { id: share.systemId, name: systems.get(share.systemId)?.name ?? share.systemId },
    why: faults.map(({ detail }) => detail),
  }));
}

/** What an organization allows; what breaks a new policy is shown before it is set. */
export const policies: Handler = async (services, request) => {
  const visitor = await signedInVisitor(services, request);
  if (!visitor) return signInFirst(request);
  const { session, csrf } = visitor;
  const form = request.method === 'POST' ? await readOwnForm(services, request) : undefined;
  const { organization, role } = await organizationFor(services, visitor, request);
  requireManager(role, 'Only owners and admins read policies.');
  const same = { account: session.email, csrf, organization };

  const show = async (
    values: PolicyFields,
    errors: Record<string, string> = {},
  ): Promise<HttpResponseInit> => {
    const { shares, more } = await services.policies.breaks(organization.id, organization.policy ?? {});
    const page = PoliciesPage({
      ...same,
      owner: role === 'owner',
      values,
      errors,
      breaking: await viewsOf(services, shares),
      more,
      secondFactor: {
        required: organization.requireSecondFactor ?? false,
        own: hasSecondFactor(session),
      },
    });
    return portalPage(services, visitor, page, Object.keys(errors).length > 0 ? 400 : 200);
  };

  if (!form) return show(policyFields(organization.policy ?? {}));
  if (role !== 'owner') throw new Problem('forbidden', 'Only an owner sets policies.');
  const values = Object.fromEntries(policyFieldNames.map((name) => [name, form[name] ?? '']));
  const { policy, errors } = readPolicyFields(values);
  if (Object.keys(errors).length > 0) return show(values, errors);
  const existing = existingSchema.safeParse(form.existing);
  if (!existing.success) {
    const { shares, more } = await services.policies.breaks(organization.id, policy);
    if (shares.length > 0) {
      const breaking = await viewsOf(services, shares);
      const asked = form.existing !== undefined && { errors: { existing: 'Choose one.' } };
      return portalPage(services, visitor, PolicyReviewPage({ ...same, values, breaking, more, ...asked }));
    }
  }
  const by = { caller: session, actor: actorOf(visitor) };
  await services.policies.set(organization, by, policy, existing.data ?? 'keep');
  return seeOther(portalPaths.policies(organization.slug));
};

http('policies', {
  methods: ['GET', 'POST'],
  route: 'organizations/{slug}/policies',
  handler: policies,
  errors: portalErrors,
  operations: [
    pageOperation({
      id: 'showPolicies',
      path: '/organizations/{slug}/policies',
      summary: 'What an organization allows on its systems and shares',
    }),
    formOperation({
      id: 'setPolicies',
      path: '/organizations/{slug}/policies',
      summary: 'Sets what an organization allows; asks first where shares break it',
      fields: {
        emailDomains: z.string().optional().describe('Domains of recipients, with commas between.'),
        longestShareDays: z.string().optional(),
        sharers: z.string().optional().describe('Names, with commas between.'),
        pollingLeast: z.string().optional().describe('Seconds.'),
        pollingMost: z.string().optional().describe('Seconds.'),
        existing: existingSchema.optional().describe('What becomes of shares that it does not allow.'),
      },
    }),
  ],
});
