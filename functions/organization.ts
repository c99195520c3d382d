import { hasSecondFactor } from '../shared/accounts/factor.ts';
import { AuditPage } from '../shared/pages/audit-page.tsx';
import { OrganizationPage } from '../shared/pages/organization-page.tsx';
import { auditActions } from '../shared/audit/audit-actions.ts';
import { auditEntryText } from '../shared/audit/audit-entry-text.ts';
import { mayManage } from '../shared/organizations/organization.ts';
import { Problem } from '../shared/problem.ts';
import { portalPage, signedInVisitor, signInFirst } from './trigger/browser.ts';
import { http, type Handler } from './trigger/endpoint.ts';
import { portalErrors } from './trigger/portal-errors.ts';
import { systemSummaries } from './trigger/system-summaries.ts';

/** An organization's systems and members, and its audit trail. */
export const organization: Handler = async (services, request) => {
  const visitor = await signedInVisitor(services, request);
  if (!visitor) return signInFirst(request);
  const { session, csrf } = visitor;
  const { organization: shown, role } = await services.organizations.named(
    request.params.slug ?? '',
    session,
  );

  if (request.params.view === 'audit') {
    if (!mayManage(role)) throw new Problem('forbidden', 'Only owners and admins read the audit trail.');
    const action = request.query.get('action') ?? '';
    const page = await services.audit.list(shown.id, {
      limit: 50,
      ...(request.query.get('continuation') && { continuation: request.query.get('continuation') ?? '' }),
      ...(action !== '' && { action }),
    });
    return portalPage(
      services,
      visitor,
      AuditPage({
        account: session.email,
        csrf,
        organization: shown,
        entries: page.items.map(auditEntryText),
        next: page.continuation,
        filters: { action: action || undefined, actions: auditActions },
      }),
    );
  }
  if (request.params.view !== undefined) throw new Problem('not-found', 'There is no such page.');
  return portalPage(
    services,
    visitor,
    OrganizationPage({
      account: session.email,
      csrf,
      organization: shown,
      role,
      systems: await systemSummaries(services, shown.id),
      secondFactor: { required: shown.requireSecondFactor ?? false, own: hasSecondFactor(session) },
      members: shown.members.map(({ email, role: theirs }) => ({ email, role: theirs })),
    }),
  );
};

http('organization', {
  methods: ['GET'],
  route: 'organizations/{slug}/{view?}',
  handler: organization,
  errors: portalErrors,
});
