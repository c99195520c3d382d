import type { HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import { newSecret } from '../shared/identifier.ts';
import { ShareStatePage, type ShareState } from '../shared/pages/share-state-page.tsx';
import { renderPage } from '../shared/pages/render-page.ts';
import { Problem } from '../shared/problem.ts';
import type { ViewerResponse } from '../shared/tunnel/share-tunnel.ts';
import { hostCookie, readCookie } from './trigger/browser.ts';
import { http, problemDocument, type Handler } from './trigger/endpoint.ts';
import { goneSignal, paced, rawTarget } from './trigger/library-exchange.ts';
import { publicOperation } from './trigger/operation.ts';
import { readBody } from './trigger/request-body.ts';
import { page, seeOther } from './trigger/responses.ts';
import type { Services } from './trigger/services.ts';
import {
  isNavigation,
  shareIdOf,
  shareOriginPrefix,
  shareSessionCookie,
  shareStateCookie,
  statusOfClosed,
} from './trigger/share-origin.ts';

const mostBodyBytes = 1_048_576;

/** Path and query on the share's origin. @throws Problem not-found where URL parsing left the prefix */
function targetOf(request: HttpRequest, invocationId: string): string {
  const { pathname, search } = new URL(request.url);
  const target = rawTarget(invocationId) ?? pathname + search;
  if (!target.startsWith(`${shareOriginPrefix}/`)) throw new Problem('not-found', 'There is nothing here.');
  return target.slice(shareOriginPrefix.length);
}

type ClosedReason = Extract<ViewerResponse, { kind: 'closed' }>['why'];

/** Why there is nothing to see: a page for people, a problem document for scripts. */
function closedAnswer(services: Services, request: HttpRequest, why: ClosedReason): HttpResponseInit {
  if (!isNavigation(request)) {
    return problemDocument(
      new Problem(
        why === 'sign-in' ? 'unauthorized' : why === 'unknown' ? 'not-found' : 'forbidden',
        `share: ${why}`,
      ),
      '',
    );
  }
  const shown = page(renderPage(statePage(services, why)), { status: statusOfClosed[why] });
  // What the browser kept of the dashboard goes too; not cookies, since that means the portal's as well.
  return { ...shown, headers: { ...shown.headers, 'clear-site-data': '"cache", "storage"' } };
}

const statePage = (services: Services, state: ShareState) =>
  ShareStatePage({
    state,
    portalOrigin: services.site.publicOrigin,
    signInUrl: '/',
    stylesheet: '/.drawbridge/portal.css',
  });

/** Begins the way through the portal: it comes back to `/.drawbridge/session` with a one-time code. */
function beginSession(services: Services, shareId: string, target: string): HttpResponseInit {
  const state = newSecret(services.random);
  const portal = new URL(`/invitations/${shareId}`, services.site.publicOrigin);
  portal.searchParams.set('state', state);
  if (target !== '/') portal.searchParams.set('path', target);
  return seeOther(portal.href, [hostCookie(shareStateCookie, state, 900)]);
}

/** Every request on the origin of a share, but for `/.drawbridge/`. */
export const tunnel: Handler = async (services, request, context: InvocationContext) => {
  const shareId = shareIdOf(services, request);
  const target = targetOf(request, context.invocationId);
  try {
    const response = await services.tunnel({
      shareId,
      cookie: readCookie(request, shareSessionCookie),
      method: request.method,
      target,
      headers: [...request.headers.entries()],
      body: await readBody(request, mostBodyBytes),
      signal: goneSignal(context.invocationId),
      requestId: context.invocationId,
    });
    if (response.kind === 'closed') {
      const begin = response.why === 'sign-in' && isNavigation(request);
      return begin ? beginSession(services, shareId, target) : closedAnswer(services, request, response.why);
    }
    const { status, headers, body } = response;
    return { status, headers, body: paced(context.invocationId, body) };
  } catch (error) {
    if (!(error instanceof Problem) || !isNavigation(request) || error.status < 500) throw error;
    const state = error.code === 'system-offline' ? 'offline' : 'busy';
    return page(renderPage(statePage(services, state)), { status: error.status });
  }
};

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

http('tunnel', {
  methods,
  route: 'share-origin/{*viewerPath}',
  handler: tunnel,
  anyQuery: true,
  operations: methods.map((method) =>
    publicOperation({
      id: `view${method.slice(0, 1)}${method.slice(1).toLowerCase()}`,
      tag: 'share-origin',
      method,
      path: '/share-origin/{*viewerPath}',
      summary: `${method} of the shared dashboard, if its allowlist names the call`,
      description: 'The path may hold slashes. The answer is that of the on-prem application.',
      answers: {
        '2XX': { description: 'As the on-prem application answers.' },
        '3XX': { description: 'As the on-prem application answers, or by way of sign-in.' },
        '4XX': { description: 'As the on-prem application answers, or a refusal.' },
      },
      errors: [504],
    }),
  ),
});
