import { AccountPage } from '../shared/pages/account-page.tsx';
import { portalPage, signedInVisitor, signInFirst } from './trigger/browser.ts';
import { http, type Handler } from './trigger/endpoint.ts';
import { pageOperation } from './trigger/operation.ts';
import { portalErrors } from './trigger/portal-errors.ts';

/** How someone signs in, and where they are signed in. */
export const account: Handler = async (services, request) => {
  const visitor = await signedInVisitor(services, request);
  if (!visitor) return signInFirst(request);
  const { session, csrf } = visitor;
  const [passwordChangedAt, secondFactor, sessions] = await Promise.all([
    services.passwords.changedAt(session.accountId),
    services.secondFactors.state(session.accountId),
    services.sessions.portalsOf(session.accountId),
  ]);
  return portalPage(
    services,
    visitor,
    AccountPage({
      account: session.email,
      csrf,
      passwordChangedAt,
      secondFactor,
      sessions: sessions.map((each) => ({ ...each, current: each.id === session.id })),
    }),
  );
};

http('account', {
  methods: ['GET'],
  route: 'account',
  handler: account,
  errors: portalErrors,
  operations: [
    pageOperation({
      id: 'showAccount',
      path: '/account',
      summary: 'How one signs in, and where one is signed in',
    }),
  ],
});
