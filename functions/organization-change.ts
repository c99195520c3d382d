import { z } from 'zod';
import { nameSchema } from '../shared/organizations/organization.ts';
import { portalPaths } from '../shared/pages/portal-paths.ts';
import { Problem } from '../shared/problem.ts';
import { readOwnForm, signedInVisitor, signInFirst } from './trigger/browser.ts';
import { http, type Handler } from './trigger/endpoint.ts';
import { formOperation } from './trigger/operation.ts';
import { organizationFor, orShowErrors, showOrganization } from './trigger/organization-view.ts';
import { portalErrors } from './trigger/portal-errors.ts';
import { seeOther } from './trigger/responses.ts';

/** Renames an organization, leaves it, deletes it. */
export const organizationChange: Handler = async (services, request) => {
  const visitor = await signedInVisitor(services, request);
  if (!visitor) return signInFirst(request);
  const fields = await readOwnForm(services, request);
  const { session } = visitor;
  const found = await organizationFor(services, visitor, request);
  const { id, slug, name } = found.organization;
  const wrong = (field: string, detail: string) =>
    showOrganization(services, visitor, found, { errors: { [field]: detail }, values: fields, status: 400 });

  return orShowErrors(services, visitor, request, {}, async () => {
    switch (request.params.act) {
      case 'rename': {
        const wanted = nameSchema.safeParse(fields.name ?? '');
        if (!wanted.success) return wrong('name', wanted.error.issues[0]?.message ?? 'Give a name.');
        await services.organizationLife.rename(id, session, wanted.data);
        return seeOther(portalPaths.organization(slug));
      }
      case 'leave':
        await services.organizationMembers.leave(id, session);
        return seeOther(portalPaths.home);
      case 'delete':
        if (found.role !== 'owner') throw new Problem('forbidden', 'Only an owner deletes an organization.');
        if ((fields.confirm ?? '').trim() !== name) {
          return wrong('confirm', 'This is not the name of the organization.');
        }
        await services.organizationLife.remove(id, session);
        return seeOther(portalPaths.home);
      default:
        throw new Problem('not-found', 'There is no such page.');
    }
  });
};

http('organization-change', {
  methods: ['POST'],
  // Leaves the names that other functions serve to them, in whatever order routes are tried.
  route: 'organizations/{slug}/{act:regex(^(rename|leave|delete)$)}',
  handler: organizationChange,
  errors: portalErrors,
  operations: [
    formOperation({
      id: 'changeOrganization',
      path: '/organizations/{slug}/{act}',
      params: { act: z.enum(['rename', 'leave', 'delete']) },
      summary: 'Renames, leaves or deletes an organization',
      fields: {
        name: nameSchema.optional().describe('The new one.'),
        confirm: z.string().optional().describe('The name, to delete.'),
      },
      errors: [409],
    }),
  ],
});
