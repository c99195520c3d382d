import { z } from 'zod';
import { exportFormats, exportText } from '../shared/audit/audit-export.ts';
import { instant } from '../shared/clock.ts';
import { requireManager } from '../shared/organizations/organization.ts';
import { Problem } from '../shared/problem.ts';
import { signedInVisitor, signInFirst } from './trigger/browser.ts';
import { http, type Handler } from './trigger/endpoint.ts';
import { paced } from './trigger/library-exchange.ts';
import { pageOperation } from './trigger/operation.ts';
import { organizationFor } from './trigger/organization-view.ts';
import { portalErrors } from './trigger/portal-errors.ts';

const types = { json: 'application/json', csv: 'text/csv; charset=utf-8; header=present' } as const;

/** The whole audit of an organization as a file. */
export const auditExport: Handler = async (services, request, context) => {
  const visitor = await signedInVisitor(services, request);
  if (!visitor) return signInFirst(request);
  const { organization, role } = await organizationFor(services, visitor, request);
  requireManager(role, 'Only owners and admins read the audit trail.');
  const format = z.enum(exportFormats).safeParse(request.params.format).data;
  if (!format) throw new Problem('not-found', 'There is no such export.');
  const { audit, clock } = services;
  const exportedAt = instant(clock.now());
  const text = exportText(audit.all(organization.id), format, {
    organizationId: organization.id,
    exportedAt,
  });
  return {
    headers: {
      'content-type': types[format],
      'content-disposition': `attachment; filename="audit-${organization.slug}-${exportedAt.slice(0, 10)}.${format}"`,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    },
    body: paced(context.invocationId, text),
  };
};

http('audit-export', {
  methods: ['GET'],
  route: 'organizations/{slug}/audit/export/{format}',
  handler: auditExport,
  errors: portalErrors,
  operations: [
    pageOperation({
      id: 'exportAudit',
      path: '/organizations/{slug}/audit/export/{format}',
      summary: 'The audit trail of an organization as a file, with its hashes',
      params: { format: z.enum(exportFormats) },
      answers: {
        200: {
          description: 'Every entry, oldest first.',
          content: { 'application/json': undefined, 'text/csv': undefined },
        },
      },
    }),
  ],
});
