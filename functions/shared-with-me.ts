import { instant } from '../shared/clock.ts';
import { isShareId } from '../shared/identifier.ts';
import { SharedWithMePage } from '../shared/pages/shared-with-me-page.tsx';
import { Problem } from '../shared/problem.ts';
import { shareView } from '../shared/shares/share-view.ts';
import { portalPage, readOwnForm, signedInVisitor, signInFirst } from './trigger/browser.ts';
import { http, type Handler } from './trigger/endpoint.ts';
import { formOperation, pageOperation } from './trigger/operation.ts';
import { portalErrors } from './trigger/portal-errors.ts';
import { seeOther } from './trigger/responses.ts';

/** What an account may open, and the way out of a share. */
export const sharedWithMe: Handler = async (services, request) => {
  const visitor = await signedInVisitor(services, request);
  if (!visitor) return signInFirst(request);
  const { session, csrf } = visitor;
  if (request.method === 'POST') {
    await readOwnForm(services, request);
    const { shareId = '', act } = request.params;
    if (act !== 'leave' || !isShareId(shareId)) throw new Problem('not-found', 'There is no such share.');
    await services.shares.leave(shareId, session.accountId, session.email);
    return seeOther('/shared-with-me');
  }
  const received = await services.shares.receivedBy(session.accountId);
  const now = instant(services.clock.now());
  const shares = await Promise.all(
    received.map(async (share) => {
      const view = shareView(share, services.site, now);
      const owner = await services.systems.read(share.systemId);
      return {
        id: share.id,
        title: share.dashboard.title,
        from: share.sharedBy,
        system: owner?.name ?? '',
        status: view.status,
        expiresAt: share.expiresAt,
        url: view.url,
      };
    }),
  );
  return portalPage(services, visitor, SharedWithMePage({ account: session.email, csrf, shares }));
};

http('shared-with-me', {
  methods: ['GET', 'POST'],
  route: 'shared-with-me/{shareId?}/{act?}',
  handler: sharedWithMe,
  errors: portalErrors,
  operations: [
    pageOperation({ id: 'showSharedWithMe', path: '/shared-with-me', summary: 'The shares one may open' }),
    formOperation({
      id: 'leaveShare',
      path: '/shared-with-me/{shareId}/leave',
      summary: 'Removes oneself from a share',
    }),
  ],
});
