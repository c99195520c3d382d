import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { HttpError } from './http-error.ts';
import { sessionSecretIn, type Sessions } from './sessions.ts';
import type { SignIn } from './sign-in.ts';
import type { User, UserStore } from './user-store.ts';

/** Who sent a request, and how that was shown. */
export interface Caller {
  readonly user: User;
  readonly via: 'session' | 'basic';
  /** Goes into every form this caller is given, and comes back with it. */
  readonly formToken: string;
  /** False as soon as the user is gone or the session has ended; for answers that last. */
  stillThere(): boolean;
}

const CHALLENGE = { 'www-authenticate': 'Basic realm="Hilltop Monitor", charset="UTF-8"' };

/**
 * The challenge that goes with 401 (RFC 9110 section 11.6.1). A script's request in a browser, or a
 * browser whose session has ended, gets none: it would open a password window over the page.
 */
function challengeFor({ headers }: IncomingMessage): Record<string, string> {
  const script = headers['sec-fetch-dest'] === 'empty';
  return script || sessionSecretIn(headers.cookie) !== undefined ? {} : CHALLENGE;
}

export interface CallerSources {
  readonly users: UserStore;
  readonly sessions: Sessions;
  readonly signIn: SignIn;
  readonly formKey: Uint8Array;
}

/**
 * The caller of a request: HTTP Basic (RFC 7617) when the header is there, else the session cookie.
 * @throws HttpError 401 for a wrong name or password
 */
export async function findCaller(
  request: IncomingMessage,
  { users, sessions, signIn, formKey }: CallerSources,
): Promise<Caller | undefined> {
  const formToken = (of: string) => createHmac('sha256', formKey).update(of).digest('base64url');
  if (request.headers.authorization !== undefined) {
    const user = await basicUser(request, request.headers.authorization, signIn);
    const stillThere = () => users.find(user.name)?.createdAt === user.createdAt;
    return { user, via: 'basic', formToken: formToken(`basic ${user.name}`), stillThere };
  }
  const secret = sessionSecretIn(request.headers.cookie);
  const name = secret === undefined ? undefined : sessions.find(secret);
  const user = name === undefined ? undefined : users.find(name);
  if (secret === undefined || !user) return undefined;
  const stillThere = () =>
    sessions.find(secret) === user.name && users.find(user.name)?.createdAt === user.createdAt;
  return { user, via: 'session', formToken: formToken(`session ${secret}`), stillThere };
}

async function basicUser(request: IncomingMessage, header: string, signIn: SignIn): Promise<User> {
  const encoded = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(header)?.[1];
  const pair = encoded === undefined ? '' : Buffer.from(encoded, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  if (colon < 1) throw new HttpError('wrongPassword', undefined, challengeFor(request));
  try {
    return await signIn.check(
      pair.slice(0, colon),
      pair.slice(colon + 1),
      request.socket.remoteAddress ?? '',
    );
  } catch (problem) {
    if (problem instanceof HttpError && problem.status === 401) {
      throw new HttpError('wrongPassword', undefined, challengeFor(request));
    }
    throw problem;
  }
}

/** The refusal of a request without a caller. */
export const unauthenticated = (request: IncomingMessage): HttpError =>
  new HttpError('unauthenticated', undefined, challengeFor(request));

/** @throws HttpError 403 unless a browser sent the form from one of our own pages */
export function requireOwnOrigin(request: IncomingMessage): void {
  const { origin, host } = request.headers;
  const site = request.headers['sec-fetch-site'];
  const foreignSite = site !== undefined && site !== 'same-origin' && site !== 'none';
  const foreignOrigin = origin !== undefined && hostOf(origin) !== host;
  if (foreignSite || foreignOrigin) throw new HttpError('foreignForm');
}

/** @throws HttpError 403 unless the form was given to this caller */
export function requireFormToken(form: URLSearchParams, caller: Caller): void {
  const given = Buffer.from(form.get('token') ?? '');
  const expected = Buffer.from(caller.formToken);
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    throw new HttpError('foreignForm');
}

const hostOf = (origin: string): string | undefined =>
  URL.canParse(origin) ? new URL(origin).host : undefined;
