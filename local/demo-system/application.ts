import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { findCaller, type Caller } from './caller.ts';
import { findRoute, html, type Reply, type Route } from './exchange.ts';
import type { Hilltop } from './hilltop.ts';
import { HttpError } from './http-error.ts';
import { monitoringRoutes } from './monitoring-routes.ts';
import { pageRoutes } from './page-routes.ts';
import { messagePage } from './pages/message-page.tsx';
import { sharingRoutes } from './sharing-routes.ts';
import { userRoutes } from './user-routes.ts';

const HEADERS = {
  server: 'Hilltop/3.2',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  // Not no-referrer: with that, browsers send forms with `Origin: null`.
  'referrer-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'cache-control': 'no-store',
};

/** Hilltop Monitor as a listener for an HTTP server. */
export function createApplication(hilltop: Hilltop): RequestListener {
  const routes = [
    ...monitoringRoutes(hilltop),
    ...userRoutes(hilltop),
    ...pageRoutes(hilltop),
    ...sharingRoutes(hilltop),
  ];
  return (request, response) => {
    void answer(hilltop, routes, request).then((reply) => send(response, reply));
  };
}

async function answer(hilltop: Hilltop, routes: readonly Route[], request: IncomingMessage): Promise<Reply> {
  let caller: Caller | undefined;
  let path = '/';
  try {
    const url = urlOf(request);
    path = url.pathname;
    caller = await findCaller(request, hilltop);
    const { route, params } = findRoute(routes, request.method ?? '', path);
    return await route.answer({ request, url, params, caller });
  } catch (problem) {
    if (problem instanceof HttpError) return refusal(hilltop, path, problem, caller);
    hilltop.log.error('request failed', {
      path,
      problem: problem instanceof Error ? problem.message : 'unknown',
    });
    return refusal(hilltop, path, new HttpError('internal'), caller);
  }
}

function urlOf(request: IncomingMessage): URL {
  const target = request.url ?? '';
  const base = 'http://here.invalid';
  if (!target.startsWith('/') || !URL.canParse(base + target)) throw new HttpError('malformed');
  return new URL(base + target);
}

/** A problem document (RFC 9457) for programs, a page for people. */
function refusal({ assets }: Hilltop, path: string, problem: HttpError, caller: Caller | undefined): Reply {
  const { status, title, detail, headers } = problem;
  if (path.startsWith('/api/')) {
    return {
      status,
      headers: { 'content-type': 'application/problem+json', ...headers },
      body: JSON.stringify({ title, status, detail }),
    };
  }
  const page = html(messagePage({ assets, caller, title }, detail), status);
  return { ...page, headers: { ...page.headers, ...headers } };
}

function send(response: ServerResponse, { status, headers, body, stream }: Reply): void {
  for (const [name, value] of Object.entries({ ...HEADERS, ...headers })) response.setHeader(name, value);
  response.statusCode = status;
  if (stream && response.req.method !== 'HEAD') {
    response.flushHeaders();
    stream(response);
    return;
  }
  if (body !== undefined) response.setHeader('content-length', Buffer.byteLength(body));
  response.end(body);
}
