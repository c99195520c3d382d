import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { instant } from '../../shared/clock.ts';
import type { Organization, Role } from '../../shared/organizations/organization.ts';
import { OrganizationPage, type OrganizationPageProps } from '../../shared/pages/organization-page.tsx';
import { Problem } from '../../shared/problem.ts';
import { portalPage, type SignedInVisitor } from './browser.ts';
import type { Services } from './services.ts';
import { systemSummaries } from './system-summaries.ts';

/** The organization that the route names, for a member. @throws Problem not-found for all others, second-factor-required */
export function organizationFor(
  services: Services,
  { session }: SignedInVisitor,
  request: HttpRequest,
): Promise<{ organization: Organization; role: Role }> {
  return services.organizations.named(request.params.slug ?? '', session);
}

/** The page of an organization, once more with what was typed and what is wrong with it. */
export async function showOrganization(
  services: Services,
  visitor: SignedInVisitor,
  { organization, role }: { organization: Organization; role: Role },
  {
    errors,
    values,
    status = 200,
  }: Pick<OrganizationPageProps, 'errors' | 'values'> & { status?: number } = {},
): Promise<HttpResponseInit> {
  const now = instant(services.clock.now());
  return portalPage(
    services,
    visitor,
    OrganizationPage({
      account: visitor.session.email,
      csrf: visitor.csrf,
      organization,
      role,
      systems: await systemSummaries(services, organization.id),
      members: organization.members,
      invitations: (organization.invitations ?? []).map(({ email, role: offered, expiresAt, sentAt }) => ({
        email,
        role: offered,
        expiresAt,
        state: expiresAt <= now ? 'expired' : sentAt === undefined ? 'not-sent' : 'sent',
      })),
      errors,
      values,
    }),
    status,
  );
}

/**
 * Does what a form on an organization's page asks for; what is wrong with it is shown on that page.
 * @throws Problem not-found, forbidden, and whatever names no field
 */
export async function orShowErrors(
  services: Services,
  visitor: SignedInVisitor,
  request: HttpRequest,
  values: OrganizationPageProps['values'],
  act: () => Promise<HttpResponseInit>,
): Promise<HttpResponseInit> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof Problem) || error.errors.length === 0) throw error;
    const errors = Object.fromEntries(error.errors.map(({ field, detail }) => [field, detail]));
    const found = await organizationFor(services, visitor, request);
    return showOrganization(services, visitor, found, { errors, values, status: error.status });
  }
}
