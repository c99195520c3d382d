import type { HttpResponseInit } from '@azure/functions';

/** JSON that nobody caches. */
export const json = (
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): HttpResponseInit => ({
  status,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
  body: JSON.stringify(body),
});

export const noContent: HttpResponseInit = { status: 204, headers: { 'cache-control': 'no-store' } };

/** RFC 9110 section 15.4.4: the next request is a GET. */
export const seeOther = (location: string, cookies: HttpResponseInit['cookies'] = []): HttpResponseInit => ({
  status: 303,
  headers: { location, 'cache-control': 'no-store' },
  cookies,
});

/** OWASP ASVS 14.4: what every page of ours carries. No script runs on it, ours or anyone's. */
const pageHeaders = (formTargets: readonly string[]) => ({
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': [
    "default-src 'none'",
    "style-src 'self'",
    "img-src 'self' data:",
    // A form's answer may lead on to the origin of a share, and browsers hold the whole chain to this list.
    ["form-action 'self'", ...formTargets].join(' '),
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
});

export interface PageOptions {
  readonly status?: number;
  readonly cookies?: HttpResponseInit['cookies'];
  readonly formTargets?: readonly string[];
}

export const page = (
  html: string,
  { status = 200, cookies, formTargets = [] }: PageOptions = {},
): HttpResponseInit => ({
  status,
  headers: pageHeaders(formTargets),
  body: html,
  ...(cookies && { cookies }),
});
