import { z } from 'zod';
import { roleOf } from '../shared/organizations/organization.ts';
import { ErrorPage } from '../shared/pages/error-page.tsx';
import { JoinPage } from '../shared/pages/join-page.tsx';
import { portalPaths } from '../shared/pages/portal-paths.ts';
import { portalPage, readOwnForm, signedInVisitor, signInFirst } from './trigger/browser.ts';
import { http, type Handler } from './trigger/endpoint.ts';
import { formOperation, pageOperation } from './trigger/operation.ts';
import { portalErrors } from './trigger/portal-errors.ts';
import { seeOther } from './trigger/responses.ts';

/**
 * The e-mailed link of an invited member. It holds no secret and changes nothing: whoever signs in as the
 * invited address confirms. Everyone else reads the same, whether there is such an organization or not.
 */
export const organizationJoin: Handler = async (services, request) => {
  const visitor = await signedInVisitor(services, request);
  if (!visitor) return signInFirst(request);
  const { session, csrf } = visitor;
  const fields = request.method === 'POST' ? await readOwnForm(services, request) : undefined;
  const organization = await services.organizations.bySlug(request.params.slug ?? '');
  if (organization && roleOf(organization, session.accountId)) {
    return seeOther(portalPaths.organization(organization.slug));
  }
  const invitation = organization && services.organizationMembers.invitationFor(organization, session);
  if (!organization || !invitation) {
    const page = ErrorPage({
      status: 404,
      title: 'No invitation for you here',
      detail: `You are signed in as ${session.email}. The invitation went to another address, or it was withdrawn or has expired. Ask an owner of the organization for a new one.`,
      account: session.email,
      csrf,
    });
    return portalPage(services, visitor, page, 404);
  }
  if (fields?.decision === 'join') {
    await services.organizationMembers.accept(organization.id, session);
    return seeOther(portalPaths.organization(organization.slug));
  }
  if (fields?.decision === 'decline') {
    await services.organizationMembers.decline(organization.id, session);
    return seeOther(portalPaths.home);
  }
  return portalPage(
    services,
    visitor,
    JoinPage({ account: session.email, csrf, organization, ...invitation }),
  );
};

http('organization-join', {
  methods: ['GET', 'POST'],
  route: 'join/{slug}',
  handler: organizationJoin,
  errors: portalErrors,
  operations: [
    pageOperation({ id: 'showJoin', path: '/join/{slug}', summary: 'An invitation to an organization' }),
    formOperation({
      id: 'join',
      path: '/join/{slug}',
      summary: 'Accepts or declines it',
      fields: { decision: z.enum(['join', 'decline']) },
      errors: [409],
    }),
  ],
});
