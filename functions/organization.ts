import { AuditPage } from '../shared/pages/audit-page.tsx';
import { ConfirmPage } from '../shared/pages/confirm-page.tsx';
import { portalPaths } from '../shared/pages/portal-paths.ts';
import { auditActions } from '../shared/audit/audit-actions.ts';
import type { AuditEntry } from '../shared/audit/audit-entry.ts';
import { auditEntryText } from '../shared/audit/audit-entry-text.ts';
import { auditSearchSchema, readAuditSearch } from '../shared/audit/audit-search.ts';
import { requireManager } from '../shared/organizations/organization.ts';
import { Problem } from '../shared/problem.ts';
import type { Page } from '../shared/store/document-store.ts';
import { portalPage, signedInVisitor, signInFirst } from './trigger/browser.ts';
import { http, type Handler } from './trigger/endpoint.ts';
import { organizationFor, showOrganization } from './trigger/organization-view.ts';
import { pageOperation } from './trigger/operation.ts';
import { portalErrors } from './trigger/portal-errors.ts';

/** An organization's systems and members, its audit trail, and the way out of it. */
export const organization: Handler = async (services, request) => {
  const visitor = await signedInVisitor(services, request);
  if (!visitor) return signInFirst(request);
  const { session, csrf } = visitor;
  const found = await organizationFor(services, visitor, request);
  const { organization: shown, role } = found;
  switch (request.params.view) {
    case undefined:
      return showOrganization(services, visitor, found);
    case 'leave': {
      const page = ConfirmPage({
        title: `Leave ${shown.name}?`,
        text: 'You lose sight of its systems and shares at once. To come back you need a new invitation from an owner.',
        action: portalPaths.leaveOrganization(shown.slug),
        label: 'Leave',
        cancelUrl: portalPaths.organization(shown.slug),
        account: session.email,
        csrf,
      });
      return portalPage(services, visitor, page);
    }
    case 'audit': {
      requireManager(role, 'Only owners and admins read the audit trail.');
      const { search, filter, errors } = readAuditSearch(Object.fromEntries(request.query));
      const wrong = Object.keys(errors).length > 0;
      const continuation = request.query.get('continuation') ?? undefined;
      const entries: Page<AuditEntry> = wrong
        ? { items: [] }
        : await services.audit.list(shown.id, {
            ...filter,
            limit: 50,
            ...(continuation && { continuation }),
          });
      const page = AuditPage({
        account: session.email,
        csrf,
        organization: shown,
        entries: entries.items.map(auditEntryText),
        next: entries.continuation,
        search,
        errors,
        actions: auditActions,
        systems: await services.systems.ofOrganization(shown.id),
      });
      return portalPage(services, visitor, page, wrong ? 400 : 200);
    }
    default:
      throw new Problem('not-found', 'There is no such page.');
  }
};

http('organization', {
  methods: ['GET'],
  // Leaves the other pages to the functions that serve them, in whatever order routes are tried.
  route: 'organizations/{slug}/{view:regex(^(leave|audit)$)?}',
  handler: organization,
  errors: portalErrors,
  operations: [
    pageOperation({
      id: 'showOrganization',
      path: '/organizations/{slug}',
      summary: 'An organization: its systems and members',
    }),
    pageOperation({
      id: 'confirmLeaving',
      path: '/organizations/{slug}/leave',
      summary: 'Asks whether to leave an organization',
    }),
    pageOperation({
      id: 'showAudit',
      path: '/organizations/{slug}/audit',
      summary: 'The audit trail of an organization',
      query: auditSearchSchema,
    }),
  ],
});
