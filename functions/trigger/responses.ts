import type { HttpResponseInit } from '@azure/functions';
import { pageHeaders } from '../../shared/pages/page-headers.ts';

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

export interface PageOptions {
  readonly status?: number;
  readonly cookies?: HttpResponseInit['cookies'];
  /** Origins to which the answer of a form may lead. */
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
