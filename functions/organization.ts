import { z } from 'zod';
import { AuditPage } from '../shared/pages/audit-page.tsx';
import { ConfirmPage } from '../shared/pages/confirm-page.tsx';
import { portalPaths } from '../shared/pages/portal-paths.ts';
import { auditActions } from '../shared/audit/audit-actions.ts';
import { auditEntryText } from '../shared/audit/audit-entry-text.ts';
import { mayManage } from '../shared/organizations/organization.ts';
import { Problem } from '../shared/problem.ts';
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
      if (!mayManage(role)) throw new Problem('forbidden', 'Only owners and admins read the audit trail.');
      const action = request.query.get('action') ?? '';
      const entries = await services.audit.list(shown.id, {
        limit: 50,
        ...(request.query.get('continuation') && { continuation: request.query.get('continuation') ?? '' }),
        ...(action !== '' && { action }),
      });
      const page = AuditPage({
        account: session.email,
        csrf,
        organization: shown,
        entries: entries.items.map(auditEntryText),
        next: entries.continuation,
        filters: { action: action || undefined, actions: auditActions },
      });
      return portalPage(services, visitor, page);
    }
    default:
      throw new Problem('not-found', 'There is no such page.');
  }
};

http('organization', {
  methods: ['GET'],
  route: 'organizations/{slug}/{view?}',
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
      query: z.object({ action: z.string().optional(), continuation: z.string().optional() }),
    }),
  ],
});
