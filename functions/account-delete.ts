import type { HttpResponseInit } from '@azure/functions';
import { z } from 'zod';
import { AccountDeletedPage, AccountDeletePage } from '../shared/pages/account-delete-page.tsx';
import { portalPaths } from '../shared/pages/portal-paths.ts';
import { Problem } from '../shared/problem.ts';
import {
  hostCookie,
  portalPage,
  readOwnForm,
  sessionCookie,
  signedInVisitor,
  signInAgain,
  signInFirst,
  visitOf,
  type SignedInVisitor,
} from './trigger/browser.ts';
import { http, type Handler } from './trigger/endpoint.ts';
import { formOperation, pageOperation } from './trigger/operation.ts';
import { portalErrors } from './trigger/portal-errors.ts';
import type { Services } from './trigger/services.ts';

async function show(
  services: Services,
  visitor: SignedInVisitor,
  status = 200,
  errors?: Record<string, string>,
): Promise<HttpResponseInit> {
  const { session, csrf } = visitor;
  const onlyOwnerOf = await services.accountDeletion.onlyOwnerOf(session.accountId);
  const page = AccountDeletePage({ account: session.email, csrf, onlyOwnerOf, errors });
  return portalPage(services, visitor, page, status);
}

/** Deletes one's own account, soon after signing in. */
export const accountDelete: Handler = async (services, request) => {
  const visitor = await signedInVisitor(services, request);
  if (!visitor) return signInFirst(request);
  const { session, csrf, cookies } = visitor;
  if (!(await services.signInSteps.mayChangeSignIn(session))) return signInAgain(portalPaths.deleteAccount);
  if (request.method === 'GET') return show(services, visitor);
  const { confirm = '' } = await readOwnForm(services, request);
  if (confirm.trim().toLowerCase() !== session.email)
    return show(services, visitor, 400, { confirm: 'This is not your address.' });
  try {
    const owner = { id: session.accountId, email: session.email };
    await services.accountDeletion.remove(owner, visitOf(request));
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'conflict') throw error;
    return show(services, visitor, 409, { '': error.message });
  }
  const signedOut = { session: undefined, csrf, cookies: [...cookies, hostCookie(sessionCookie, '', 0)] };
  return portalPage(services, signedOut, AccountDeletedPage());
};

http('account-delete', {
  methods: ['GET', 'POST'],
  route: 'account/delete',
  handler: accountDelete,
  errors: portalErrors,
  operations: [
    pageOperation({
      id: 'showAccountDeletion',
      path: '/account/delete',
      summary: 'What goes with the account',
    }),
    formOperation({
      id: 'deleteAccount',
      path: '/account/delete',
      summary: "Deletes one's own account",
      fields: { confirm: z.string().describe('The address of the account.') },
      errors: [409],
    }),
  ],
});
