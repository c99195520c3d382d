import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpError } from './http-error.ts';
import type { Caller } from './caller.ts';

/** One request on its way through the application. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly url: URL;
  /** Decoded parts of the path that the route names. */
  readonly params: Readonly<Record<string, string>>;
  readonly caller: Caller | undefined;
}

export type SignedInExchange = Exchange & { readonly caller: Caller };

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Takes over the response after its head was set, for an answer that lasts. */
  readonly stream?: (response: ServerResponse) => void;
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Segments that start with a colon match anything and become params. */
  readonly path: string;
  readonly answer: (exchange: Exchange) => Promise<Reply>;
}

export const json = (value: unknown, status = 200): Reply => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8' },
  body: JSON.stringify(value),
});

export const html = (text: string, status = 200): Reply => ({
  status,
  headers: { 'content-type': 'text/html; charset=utf-8' },
  body: text,
});

/** After a form: the browser fetches the next page with GET (RFC 9110 section 15.4.4). */
export const seeOther = (path: string, headers: Record<string, string> = {}): Reply => ({
  status: 303,
  headers: { location: path, ...headers },
});

export const noContent: Reply = { status: 204 };

export interface Match {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

/** @throws HttpError 404, or 405 with Allow when only the method is unknown */
export function findRoute(routes: readonly Route[], method: string, path: string): Match {
  const wanted = method === 'HEAD' ? 'GET' : method;
  const matches = routes.flatMap((route) => {
    const params = matchPath(route.path, path);
    return params ? [{ route, params }] : [];
  });
  if (matches.length === 0) throw new HttpError('notFound');
  const match = matches.find(({ route }) => route.method === wanted);
  if (match) return match;
  const allow = [
    ...new Set(matches.map(({ route }) => (route.method === 'GET' ? 'GET, HEAD' : route.method))),
  ];
  throw new HttpError('wrongMethod', undefined, { allow: allow.join(', ') });
}

function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const expected = pattern.split('/');
  const given = path.split('/');
  if (expected.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, segment] of expected.entries()) {
    const value = given[index] ?? '';
    if (segment.startsWith(':')) params[segment.slice(1)] = decodeSegment(value);
    else if (segment !== value) return undefined;
  }
  return params;
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new HttpError('malformed', 'The address is not encoded properly.');
  }
}
