import { z } from 'zod';
import { portalPaths } from '../shared/pages/portal-paths.ts';
import { Problem } from '../shared/problem.ts';
import { readOwnForm, signedInVisitor, signInFirst, visitOf } from './trigger/browser.ts';
import { http, type Handler } from './trigger/endpoint.ts';
import { formOperation } from './trigger/operation.ts';
import { portalErrors } from './trigger/portal-errors.ts';
import { seeOther } from './trigger/responses.ts';

/** Ends sessions of one's own (ASVS 3.3.4). */
export const accountSessions: Handler = async (services, request) => {
  const visitor = await signedInVisitor(services, request);
  if (!visitor) return signInFirst(request);
  const { accountId, email, id } = visitor.session;
  const fields = await readOwnForm(services, request);
  let ended = 0;
  switch (request.params.act) {
    case 'end':
      ended = (await services.sessions.closeOne(accountId, fields.session ?? '')) ? 1 : 0;
      break;
    case 'end-others':
      ended = await services.sessions.closeAll(accountId, id);
      break;
    default:
      throw new Problem('not-found', 'There is no such page.');
  }
  const owner = { id: accountId, email };
  if (ended > 0) {
    await services.accountNotice.note('account.session-revoked', owner, visitOf(request), { ended });
  }
  return seeOther(portalPaths.account);
};

http('account-sessions', {
  methods: ['POST'],
  route: 'account/sessions/{act}',
  handler: accountSessions,
  errors: portalErrors,
  operations: [
    formOperation({
      id: 'endSession',
      path: '/account/sessions/end',
      summary: "Ends one session of one's own",
      fields: { session: z.string() },
    }),
    formOperation({
      id: 'endOtherSessions',
      path: '/account/sessions/end-others',
      summary: 'Ends all others',
    }),
  ],
});
