import type { Cookie, HttpRequest, HttpResponseInit } from '@azure/functions';
import type { VNode } from 'preact';
import { browserSummary, type Visit } from '../../shared/accounts/visit.ts';
import { csrfToken, isCsrfToken, type Session } from '../../shared/accounts/session.ts';
import { newSecret } from '../../shared/identifier.ts';
import { renderPage } from '../../shared/pages/render-page.ts';
import { Problem } from '../../shared/problem.ts';
import { socketAddressField } from './front-door.ts';
import { readForm } from './request-body.ts';
import { page, seeOther } from './responses.ts';
import type { Services } from './services.ts';

/** `__Host-`: this origin only, over a secure channel only (RFC 6265bis section 4.1.3.2). */
export const sessionCookie = '__Host-drawbridge';
const visitorCookie = '__Host-drawbridge-visitor';
/** Says that somebody signed in here before; opens nothing. */
export const deviceCookie = '__Host-drawbridge-device';

export const hostCookie = (name: string, value: string, maxAge?: number): Cookie => ({
  name,
  value,
  path: '/',
  secure: true,
  httpOnly: true,
  sameSite: 'Lax',
  ...(maxAge !== undefined && { maxAge }),
});

/**
 * RFC 6265 section 4.2.1. The first of two cookies with one name counts. Names are compared as they came: whoever
 * trims more than blanks makes `__Host-` out of a name that browsers let any subdomain set (ASVS 3.4.4).
 */
export function readCookie(request: HttpRequest, name: string): string | undefined {
  for (const pair of (request.headers.get('cookie') ?? '').split(';')) {
    const [key = '', ...value] = pair.replace(/^[ \t]+|[ \t]+$/g, '').split('=');
    if (key === name) return value.join('=') || undefined;
  }
  return undefined;
}

/** The address the request came from, without its port: what the outermost front end that is ours says. */
export function sourceOf(request: HttpRequest): string {
  const forwarded = (request.headers.get('x-forwarded-for') ?? '').split(',').at(-1)?.trim();
  const source = request.headers.get(socketAddressField) ?? forwarded ?? '';
  const [, v6, v4] = /^\[([0-9a-f:.]+)\](?::\d+)?$|^([\d.]+):\d+$/i.exec(source) ?? [];
  return v6 ?? v4 ?? (source || 'unknown');
}

/** Where a request comes from, for counting attempts and for its owner to recognise. */
export const visitOf = (request: HttpRequest): Visit => ({
  source: sourceOf(request),
  browser: browserSummary(request.headers.get('user-agent') ?? ''),
  device: readCookie(request, deviceCookie),
});

/** A browser at the portal: who is signed in, and the token that its forms must carry. */
export interface Visitor {
  readonly session: Session | undefined;
  readonly csrf: string;
  /** Cookies that the response must set. */
  readonly cookies: Cookie[];
}

export async function visitorOf(services: Services, request: HttpRequest): Promise<Visitor> {
  const key = (await services.secrets.current('handoff')).value;
  const cookie = readCookie(request, sessionCookie);
  const session = await services.sessions.portal(cookie);
  if (session && cookie) return { session, csrf: csrfToken(key, cookie), cookies: [] };
  const known = readCookie(request, visitorCookie);
  const value = known ?? newSecret(services.random);
  return {
    session: undefined,
    csrf: csrfToken(key, value),
    cookies: known ? [] : [hostCookie(visitorCookie, value)],
  };
}

/**
 * The fields of a form that a page of ours posted from this browser (OWASP ASVS 4.2.2: both the origin and a
 * token are checked). @throws Problem forbidden
 */
export async function readOwnForm(services: Services, request: HttpRequest): Promise<Record<string, string>> {
  const origin = request.headers.get('origin');
  const site = request.headers.get('sec-fetch-site');
  if (origin === null ? site !== 'same-origin' : origin !== services.site.publicOrigin) {
    throw new Problem('forbidden', 'This form was not sent from the portal. Open the page again and retry.');
  }
  const fields = await readForm(request);
  const key = (await services.secrets.current('handoff')).value;
  const cookie = readCookie(request, sessionCookie);
  const tied = (await services.sessions.portal(cookie)) ? cookie : readCookie(request, visitorCookie);
  if (tied === undefined || !isCsrfToken(key, tied, fields.csrf ?? '')) {
    throw new Problem('forbidden', 'This page is too old, or cookies are off. Open it again and retry.');
  }
  return fields;
}

/** A path of the portal to go back to; everything else becomes the home page (no open redirect, ASVS 5.1.5). */
export function returnPath(text: string | null | undefined): string {
  return text && /^\/(?![/\\])[\x21-\x7e]*$/.test(text) && !text.includes('\\') ? text : '/';
}

/** For pages of people who are signed in. @returns undefined when nobody is */
export async function signedInVisitor(services: Services, request: HttpRequest) {
  const visitor = await visitorOf(services, request);
  return visitor.session && { ...visitor, session: visitor.session };
}

export type SignedInVisitor = Visitor & { readonly session: Session };

/** Sends a browser that is not signed in to sign in, and back here. */
export function signInFirst(request: HttpRequest): HttpResponseInit {
  const { pathname, search } = new URL(request.url);
  const back = request.method === 'GET' ? pathname + search : '/';
  return seeOther(`/sign-in?returnTo=${encodeURIComponent(back)}`);
}

/** Sends a browser whose sign-in is not recent, or not complete, to sign in once more. */
export const signInAgain = (back: string): HttpResponseInit =>
  seeOther(`/sign-in?again=yes&returnTo=${encodeURIComponent(back)}`);

export function portalPage(
  services: Services,
  visitor: Visitor,
  node: VNode,
  status = 200,
): HttpResponseInit {
  const { protocol } = new URL(services.site.publicOrigin);
  return page(renderPage(node), {
    status,
    cookies: visitor.cookies,
    formTargets: [`${protocol}//*.${services.site.shareDomain}`],
  });
}
