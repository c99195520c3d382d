import { z } from 'zod';
import { portalCss } from '../shared/pages/portal-css.ts';
import { renderPage } from '../shared/pages/render-page.ts';
import { ShareStatePage } from '../shared/pages/share-state-page.tsx';
import { Problem } from '../shared/problem.ts';
import { hostCookie, readCookie, returnPath } from './trigger/browser.ts';
import { http, type Handler } from './trigger/endpoint.ts';
import { pageAnswer, publicOperation, redirectAnswer } from './trigger/operation.ts';
import { page, seeOther } from './trigger/responses.ts';
import { shareIdOf, shareSessionCookie, shareStateCookie } from './trigger/share-origin.ts';

/** What the service itself answers on the origin of a share, below `/.drawbridge/`. */
export const shareSession: Handler = async (services, request) => {
  const shareId = shareIdOf(services, request);
  switch (request.params.reserved) {
    case 'session': {
      // The one-time code of the portal becomes a session of this share (RFC 6749 section 10.12: state).
      const code = request.query.get('code') ?? '';
      const state = request.query.get('state') ?? '';
      const began = readCookie(request, shareStateCookie);
      const cookie =
        began !== undefined && began === state
          ? await services.shareHandoff.redeem(code, shareId, state)
          : undefined;
      if (cookie === undefined) {
        const retry = ShareStatePage({
          state: 'sign-in',
          portalOrigin: services.site.publicOrigin,
          signInUrl: '/',
          stylesheet: '/.drawbridge/portal.css',
        });
        return page(renderPage(retry), { status: 401 });
      }
      return seeOther(returnPath(request.query.get('path')), [
        hostCookie(shareSessionCookie, cookie),
        hostCookie(shareStateCookie, '', 0),
      ]);
    }
    case 'portal.css':
      return {
        headers: { 'content-type': 'text/css; charset=utf-8', 'cache-control': 'public, max-age=300' },
        body: portalCss,
      };
    default:
      throw new Problem('not-found', 'There is nothing here.');
  }
};

http('share-session', {
  methods: ['GET'],
  route: 'share-origin/.drawbridge/{reserved}',
  handler: shareSession,
  operations: [
    publicOperation({
      id: 'openShareSession',
      tag: 'share-origin',
      method: 'GET',
      path: '/share-origin/.drawbridge/session',
      summary: 'Takes the one-time code of the portal and opens the share',
      query: z.object({
        code: z.string().optional(),
        state: z.string().optional(),
        path: z.string().optional(),
      }),
      answers: {
        303: redirectAnswer('Leads to the dashboard, with the cookie of this share.'),
        401: pageAnswer('The code is not good (any more).'),
      },
      errors: [404],
    }),
    publicOperation({
      id: 'readShareStyles',
      tag: 'share-origin',
      method: 'GET',
      path: '/share-origin/.drawbridge/portal.css',
      summary: "The style sheet of the service's own pages",
      answers: { 200: { description: 'The style sheet.', content: { 'text/css': undefined } } },
      errors: [404],
    }),
  ],
});
