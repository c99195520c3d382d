import { z } from 'zod';
import { shareOrigin } from '../shared/shares/share-view.ts';
import { portalPaths } from '../shared/pages/portal-paths.ts';
import { ShareStatePage, type ShareState } from '../shared/pages/share-state-page.tsx';
import { portalPage, returnPath, signInFirst, visitorOf } from './trigger/browser.ts';
import { http, type Handler } from './trigger/endpoint.ts';
import { pageAnswer, pageOperation } from './trigger/operation.ts';
import { portalErrors } from './trigger/portal-errors.ts';
import { seeOther } from './trigger/responses.ts';
import { statusOfClosed } from './trigger/share-origin.ts';

/**
 * The e-mailed link. Mail scanners open links, so it holds no secret and changes nothing: it leads to the
 * share's origin, which sends the browser back here with a `state`, and then on with a one-time code.
 */
export const invitationOpen: Handler = async (services, request) => {
  const shareId = request.params.shareId ?? '';
  const visitor = await visitorOf(services, request);
  const show = (state: ShareState, status: number) =>
    portalPage(
      services,
      visitor,
      ShareStatePage({
        state,
        portalOrigin: services.site.publicOrigin,
        ...(visitor.session && {
          signedInAs: visitor.session.email,
          csrf: visitor.csrf,
          switchAccountAction: `${portalPaths.signOut}?returnTo=${encodeURIComponent(`/invitations/${shareId}`)}`,
        }),
      }),
      status,
    );
  const access = await services.shareAccess.checkAtPortal(shareId, visitor.session);
  if (access.kind === 'closed') {
    if (access.why === 'sign-in') return signInFirst(request);
    return show(access.why, statusOfClosed[access.why]);
  }
  const origin = shareOrigin(access.share.id, services.site);
  const state = request.query.get('state');
  if (state === null) return seeOther(`${origin}/`);
  const onward = new URL('/.drawbridge/session', origin);
  onward.searchParams.set('code', await services.shareHandoff.issue(access.session, access.share.id, state));
  onward.searchParams.set('state', state);
  const path = returnPath(request.query.get('path'));
  onward.searchParams.set('path', path === '/' ? access.share.dashboard.entryPath : path);
  return seeOther(onward.href);
};

http('invitation-open', {
  methods: ['GET'],
  route: 'invitations/{shareId}',
  handler: invitationOpen,
  errors: portalErrors,
  operations: [
    pageOperation({
      id: 'openInvitation',
      path: '/invitations/{shareId}',
      summary: 'The link of an invitation: leads to the share, by way of sign-in',
      caller: 'anyone',
      query: z.object({
        state: z.string().optional().describe('Set by the origin of the share.'),
        path: z.string().optional().describe('Where on the share.'),
      }),
      answers: { 410: pageAnswer('The share has ended.') },
    }),
  ],
});
