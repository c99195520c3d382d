import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { z } from 'zod';
import { AccountPasswordPage } from '../shared/pages/account-password-page.tsx';
import { portalPaths } from '../shared/pages/portal-paths.ts';
import { Problem } from '../shared/problem.ts';
import {
  portalPage,
  readOwnForm,
  signedInVisitor,
  signInAgain,
  signInFirst,
  visitOf,
  type SignedInVisitor,
} from './trigger/browser.ts';
import { http, type Handler } from './trigger/endpoint.ts';
import { formOperation, pageOperation } from './trigger/operation.ts';
import { portalErrors } from './trigger/portal-errors.ts';
import { seeOther } from './trigger/responses.ts';
import type { Services } from './trigger/services.ts';

async function show(
  services: Services,
  visitor: SignedInVisitor,
  errors?: Record<string, string>,
): Promise<HttpResponseInit> {
  const { session, csrf } = visitor;
  const hasPassword = (await services.passwords.changedAt(session.accountId)) !== undefined;
  const page = AccountPasswordPage({ account: session.email, csrf, hasPassword, errors });
  return portalPage(services, visitor, page, errors === undefined ? 200 : 400);
}

async function set(
  services: Services,
  visitor: SignedInVisitor,
  request: HttpRequest,
): Promise<HttpResponseInit> {
  const { password = '' } = await readOwnForm(services, request);
  const { accountId: id, email, id: sessionId } = visitor.session;
  const fault = await services.passwords.fault(password, email);
  if (fault !== undefined) return show(services, visitor, { password: fault });
  await services.passwords.change({ id, email }, password, visitOf(request), sessionId);
  return seeOther(portalPaths.account);
}

/** Sets, changes or removes one's own password, soon after signing in. */
export const accountPassword: Handler = async (services, request) => {
  const visitor = await signedInVisitor(services, request);
  if (!visitor) return signInFirst(request);
  const { session } = visitor;
  if (!(await services.signInSteps.mayChangeSignIn(session))) return signInAgain(portalPaths.accountPassword);
  switch (`${request.method} ${request.params.act ?? ''}`) {
    case 'GET ':
      return show(services, visitor);
    case 'POST ':
      return set(services, visitor, request);
    case 'POST remove':
      await readOwnForm(services, request);
      await services.passwords.remove({ id: session.accountId, email: session.email }, visitOf(request));
      return seeOther(portalPaths.account);
    default:
      throw new Problem('not-found', 'There is no such page.');
  }
};

http('account-password', {
  methods: ['GET', 'POST'],
  route: 'account/password/{act?}',
  handler: accountPassword,
  errors: portalErrors,
  operations: [
    pageOperation({ id: 'showPassword', path: '/account/password', summary: 'Whether there is a password' }),
    formOperation({
      id: 'setPassword',
      path: '/account/password',
      summary: 'Sets or changes the password',
      fields: { password: z.string() },
    }),
    formOperation({
      id: 'removePassword',
      path: '/account/password/remove',
      summary: 'Removes the password',
    }),
  ],
});
