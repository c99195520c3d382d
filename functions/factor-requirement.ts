import { z } from 'zod';
import { portalPaths } from '../shared/pages/portal-paths.ts';
import { Problem } from '../shared/problem.ts';
import { readOwnForm, signedInVisitor, signInFirst } from './trigger/browser.ts';
import { http, type Handler } from './trigger/endpoint.ts';
import { formOperation } from './trigger/operation.ts';
import { portalErrors } from './trigger/portal-errors.ts';
import { seeOther } from './trigger/responses.ts';

/** An owner asks the members of an organization for a second factor, or no longer. */
export const factorRequirement: Handler = async (services, request) => {
  const visitor = await signedInVisitor(services, request);
  if (!visitor) return signInFirst(request);
  const { required } = await readOwnForm(services, request);
  if (required !== 'yes' && required !== 'no') {
    const errors = [{ field: 'required', detail: 'Either yes or no.' }];
    throw new Problem('invalid-request', 'The form is not complete.', { errors });
  }
  const { session } = visitor;
  const { slug } = await services.organizations.requireSecondFactor(
    request.params.slug ?? '',
    session,
    required === 'yes',
  );
  return seeOther(portalPaths.policies(slug));
};

http('factor-requirement', {
  methods: ['POST'],
  route: 'organizations/{slug}/second-factor',
  handler: factorRequirement,
  errors: portalErrors,
  operations: [
    formOperation({
      id: 'requireSecondFactor',
      path: '/organizations/{slug}/second-factor',
      summary: 'Asks members for a second factor',
      fields: { required: z.enum(['yes', 'no']) },
    }),
  ],
});
