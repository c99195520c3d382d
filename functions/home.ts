import { shareOrigin } from '../shared/shares/share-view.ts';
import { statusAt } from '../shared/shares/share.ts';
import { instant } from '../shared/clock.ts';
import { mayManage } from '../shared/organizations/organization.ts';
import { HomePage } from '../shared/pages/home-page.tsx';
import { portalPage, signedInVisitor, signInFirst } from './trigger/browser.ts';
import { http, type Handler } from './trigger/endpoint.ts';
import { askingGateways } from './trigger/asking-gateways.ts';
import { pageOperation } from './trigger/operation.ts';
import { portalErrors } from './trigger/portal-errors.ts';
import { systemSummaries } from './trigger/system-summaries.ts';

/** What an account has: its organizations with their systems, and what others share with it. */
export const home: Handler = async (services, request) => {
  const visitor = await signedInVisitor(services, request);
  if (!visitor) return signInFirst(request);
  const { session, csrf } = visitor;
  const [own, closedOrganizations, received] = await Promise.all([
    services.organizations.of(session),
    services.organizations.closedTo(session),
    services.shares.receivedBy(session.accountId),
  ]);
  const organizations = await Promise.all(
    own.map(async ({ organization, role }) => ({
      name: organization.name,
      slug: organization.slug,
      role,
      systems: await systemSummaries(services, organization.id),
    })),
  );
  const managed = own.filter(({ role }) => mayManage(role));
  const asking = await Promise.all(
    managed.map(({ organization }) => askingGateways(services, { organizationId: organization.id })),
  );
  const now = instant(services.clock.now());
  const receivedShares = received
    .filter((share) => statusAt(share, now) === 'active')
    .map((share) => ({
      id: share.id,
      title: share.dashboard.title,
      from: share.sharedBy,
      url: `${shareOrigin(share.id, services.site)}/`,
    }));
  return portalPage(
    services,
    visitor,
    HomePage({
      account: session.email,
      csrf,
      organizations,
      asking: asking.flat(),
      closedOrganizations,
      receivedShares,
    }),
  );
};

// The host has no route for "/" alone: an optional parameter of no length is the way to it.
http('home', {
  methods: ['GET'],
  route: '{ignored:maxlength(0)?}',
  handler: home,
  errors: portalErrors,
  operations: [
    pageOperation({
      id: 'showHome',
      path: '/',
      summary: 'Own organizations and systems, and what others share',
    }),
  ],
});
