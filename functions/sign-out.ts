import { z } from 'zod';
import { hostCookie, readCookie, readOwnForm, returnPath, sessionCookie } from './trigger/browser.ts';
import { http, type Handler } from './trigger/endpoint.ts';
import { formOperation } from './trigger/operation.ts';
import { portalErrors } from './trigger/portal-errors.ts';
import { seeOther } from './trigger/responses.ts';

/** Ends the session of this browser, and with it the sessions of shares that hang on it. */
export const signOut: Handler = async (services, request) => {
  await readOwnForm(services, request);
  const session = await services.sessions.portal(readCookie(request, sessionCookie));
  if (session) await services.sessions.close(session);
  const returnTo = returnPath(request.query.get('returnTo'));
  return seeOther(`/sign-in?returnTo=${encodeURIComponent(returnTo)}`, [hostCookie(sessionCookie, '', 0)]);
};

http('sign-out', {
  methods: ['POST'],
  route: 'sign-out',
  handler: signOut,
  errors: portalErrors,
  operations: [
    formOperation({
      id: 'signOut',
      path: '/sign-out',
      summary: 'Ends the session of this browser',
      caller: 'anyone',
      query: z.object({ returnTo: z.string().optional() }),
    }),
  ],
});
