import type { HttpRequest } from '@azure/functions';
import { shareIdOfHost } from '../../shared/shares/share-access.ts';
import type { ShareId } from '../../shared/identifier.ts';
import { Problem } from '../../shared/problem.ts';
import type { Services } from './services.ts';

/** The front end sends every request on a share's origin to the path below this one. */
export const shareOriginPrefix = '/share-origin';

export const shareSessionCookie = '__Host-drawbridge-share';
/** Ties the way through the portal to the browser that began it. */
export const shareStateCookie = '__Host-drawbridge-state';

/** The host the viewer typed, as the front end passes it on. */
const hostOf = (request: HttpRequest): string =>
  request.headers.get('x-forwarded-host') ?? request.headers.get('host') ?? '';

/** @throws Problem not-found on any other origin */
export function shareIdOf({ site }: Pick<Services, 'site'>, request: HttpRequest): ShareId {
  const shareId = shareIdOfHost(hostOf(request), site.shareDomain);
  if (shareId === undefined) throw new Problem('not-found', 'There is nothing here.');
  return shareId;
}

/** A browser that opens a page, as against a script, an image or a program. */
export function isNavigation(request: HttpRequest): boolean {
  const mode = request.headers.get('sec-fetch-mode');
  const wantsPage = (request.headers.get('accept') ?? '').includes('text/html');
  return request.method === 'GET' && (mode === null ? wantsPage : mode === 'navigate');
}

/** HTTP status of each page that says why there is nothing to see. */
export const statusOfClosed = {
  unknown: 404,
  ended: 410,
  expired: 410,
  'sign-in': 401,
  'wrong-account': 403,
  paused: 403,
} as const;
