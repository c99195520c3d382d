import type { IncomingMessage, ServerResponse } from 'node:http';
import type { VNode } from 'preact';
import type { Random } from '../../shared/clock.ts';
import { newSecret, sameSecret } from '../../shared/identifier.ts';
import type { Log } from '../../shared/log.ts';
import { wordsOf } from '../gateway-error.ts';
import type { SharedDashboard } from '../service-client.ts';
import type { ConsoleActions } from './console-api.ts';
import type { ConsoleSession, ConsoleSessions } from './console-sessions.ts';

const mostFormBytes = 10_000;

export interface ConsolePagesParts {
  readonly actions: ConsoleActions;
  readonly sessions: ConsoleSessions;
  /** Asks the application beside the gateway; absent where it has no users. */
  readonly verifyAdministrator?: ((name: string, password: string) => Promise<boolean>) | undefined;
  /** Titles of dashboards by share, as this gateway knows them itself. */
  readonly titles: () => Promise<ReadonlyMap<string, string>>;
  readonly random: Random;
  readonly log: Log;
}

interface Asked {
  readonly request: IncomingMessage;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Cookies carry no port, so another program of this machine must not take ours for its own. */
  readonly cookieName: (what: 'session' | 'visitor') => string;
}

interface Reply {
  readonly status: number;
  readonly page?: VNode;
  readonly location?: string;
  readonly cookies?: readonly string[];
}

const seeOther = (location: string, cookies: readonly string[] = []): Reply => ({
  status: 303,
  location,
  cookies,
});

function cookieOf(request: IncomingMessage, name: string): string | undefined {
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const [key, value] = pair.trim().split('=', 2);
    if (key === name) return value;
  }
  return undefined;
}

/** Loopback has no TLS, so no `Secure`; the rest as OWASP ASVS 3.4 wants it. */
const cookie = (name: string, value: string) => `${name}=${value}; Path=/; HttpOnly; SameSite=Strict`;
const noCookie = (name: string) => `${cookie(name, '')}; Max-Age=0`;

async function readForm(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  if (!/^application\/x-www-form-urlencoded\b/i.test(request.headers['content-type'] ?? '')) return undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > mostFormBytes) return undefined;
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}

/** OWASP ASVS 4.2.2: the browser says that the form is of this very page. */
const isOwn = ({ headers }: IncomingMessage): boolean =>
  headers.origin === `http://${headers.host ?? ''}` &&
  (headers['sec-fetch-site'] ?? 'same-origin') === 'same-origin';

/** The console for people before this machine: no script, nothing from elsewhere, closed to whoever is not signed in. */
export function createConsolePages(parts: ConsolePagesParts) {
  const { actions, sessions, verifyAdministrator, titles, random, log } = parts;

  async function signInPage(
    { request, query, cookieName }: Asked,
    more: { name?: string; errors?: Record<string, string>; status?: number } = {},
  ): Promise<Reply> {
    const { ConsoleSignInPage } = await import('./console-sign-in-page.tsx');
    const known = cookieOf(request, cookieName('visitor'));
    const csrf = known ?? newSecret(random);
    const code = more.errors ? undefined : (query.get('code') ?? undefined);
    return {
      status: more.status ?? 200,
      page: ConsoleSignInPage({
        csrf,
        byPassword: verifyAdministrator !== undefined,
        code,
        name: more.name,
        errors: more.errors,
      }),
      cookies: known === undefined ? [cookie(cookieName('visitor'), csrf)] : [],
    };
  }

  async function signIn(asked: Asked, form: URLSearchParams): Promise<Reply> {
    const enter = (who: string) => {
      log.info('signed in to the console', { by: who });
      return seeOther('/', [
        cookie(asked.cookieName('session'), sessions.open(who)),
        noCookie(asked.cookieName('visitor')),
      ]);
    };
    const code = form.get('code');
    if (code !== null) {
      if (sessions.spendLink(code)) return enter('by a link made on this machine');
      return signInPage(asked, {
        status: 403,
        errors: { '': 'This link was used, or is too old. Make a new one.' },
      });
    }
    const name = form.get('name') ?? '';
    const password = form.get('password') ?? '';
    if (!verifyAdministrator) return signInPage(asked, { status: 403 });
    const missing = {
      ...(name === '' && { name: 'Enter the name of an administrator.' }),
      ...(password === '' && { password: 'Enter the password.' }),
    };
    if (Object.keys(missing).length > 0) return signInPage(asked, { status: 400, name, errors: missing });
    if (sessions.isShut()) {
      const words =
        'Too many wrong passwords. Wait a quarter of an hour, or use a link made on this machine.';
      return signInPage(asked, { status: 429, name, errors: { '': words } });
    }
    try {
      if (await verifyAdministrator(name, password)) return enter(name);
    } catch (error) {
      const words = `The system could not be asked: ${wordsOf(error)}`;
      return signInPage(asked, { status: 502, name, errors: { '': words } });
    }
    sessions.noteWrong();
    log.warn('not signed in to the console', {});
    const words = 'Wrong name or password, or not an administrator of the system.';
    return signInPage(asked, { status: 403, name, errors: { '': words } });
  }

  async function overview({ who, formToken }: ConsoleSession, done?: string): Promise<Reply> {
    const { ConsolePage } = await import('./console-page.tsx');
    const status = await actions.status();
    const shares: readonly SharedDashboard[] | { problem: string } =
      status.state === 'connected'
        ? await actions.shares().catch((error: unknown) => ({ problem: wordsOf(error) }))
        : [];
    const page = ConsolePage({ csrf: formToken, who, status, shares, titles: await titles(), done });
    return { status: 200, page };
  }

  async function disconnectPage(
    { formToken }: ConsoleSession,
    errors?: Record<string, string>,
  ): Promise<Reply> {
    const { ConfirmPage } = await import('../../shared/pages/confirm-page.tsx');
    const { system } = await actions.status();
    return {
      status: errors ? 400 : 200,
      page: ConfirmPage({
        title: 'Disconnect this system?',
        text: 'Its credentials and shared dashboards end for good, here and at the service. To come back it has to be connected and approved anew.',
        action: '/disconnect',
        csrf: formToken,
        typedName: system?.name,
        label: 'Disconnect',
        cancelUrl: '/',
        errors,
      }),
    };
  }

  async function act(
    session: ConsoleSession,
    asked: Asked,
    form: URLSearchParams,
  ): Promise<Reply | undefined> {
    const [, shareId] = /^\/shares\/([a-z0-9-]{1,64})\/stop$/.exec(asked.path) ?? [];
    if (shareId !== undefined) {
      await actions.unshare(shareId);
      log.info('share ended at the console', { shareId, by: session.who });
      return overview(session, 'Sharing has stopped. Its link is dead.');
    }
    if (asked.path !== '/disconnect') return undefined;
    const { system } = await actions.status();
    if (system && (form.get('confirm') ?? '').trim() !== system.name) {
      return disconnectPage(session, { confirm: 'This is not the name of the system.' });
    }
    await actions.disconnect();
    log.info('disconnected at the console', { by: session.who });
    return overview(session, 'Disconnected. Nobody outside sees anything of this system any more.');
  }

  async function answer(asked: Asked): Promise<Reply> {
    const { request, path, cookieName } = asked;
    const secret = cookieOf(request, cookieName('session'));
    const session = sessions.find(secret);
    if (request.method === 'GET') {
      if (path === '/sign-in') return session ? seeOther('/') : signInPage(asked);
      if (!session) return seeOther('/sign-in');
      if (path === '/') return overview(session);
      if (path === '/disconnect') return disconnectPage(session);
      return problem(404, 'There is no such page.');
    }
    if (request.method !== 'POST') return problem(404, 'There is no such page.');
    const form = isOwn(request) ? await readForm(request) : undefined;
    const expected = session?.formToken ?? cookieOf(request, cookieName('visitor'));
    if (!form || expected === undefined || !sameSecret(form.get('csrf') ?? '', expected)) {
      return problem(
        403,
        'This form did not come from this page, or you have been signed out. Open it again.',
      );
    }
    if (path === '/sign-in') return signIn(asked, form);
    if (!session || secret === undefined) return seeOther('/sign-in');
    if (path === '/sign-out') {
      sessions.close(secret);
      return seeOther('/sign-in', [noCookie(cookieName('session'))]);
    }
    return (await act(session, asked, form)) ?? problem(404, 'There is no such page.');
  }

  async function problem(status: number, words: string): Promise<Reply> {
    const { ConsoleProblemPage } = await import('./console-problem-page.tsx');
    return { status, page: ConsoleProblemPage({ words }) };
  }

  /** Answers whatever is no part of the local API. */
  return async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { findPortalAsset, assetCacheControl } = await import('../../shared/pages/portal-assets.ts');
    const url = new URL(request.url ?? '/', 'http://console.invalid');
    const asset = request.method === 'GET' ? findPortalAsset(url.pathname) : undefined;
    if (asset) {
      response.writeHead(200, {
        'content-type': asset.contentType,
        'cache-control': assetCacheControl,
        'x-content-type-options': 'nosniff',
      });
      response.end(asset.body);
      return;
    }
    const port = request.socket.localPort ?? 0;
    const asked: Asked = {
      request,
      path: url.pathname,
      query: url.searchParams,
      cookieName: (what) => `drawbridge-console-${what}-${port}`,
    };
    const reply = await answer(asked).catch((error: unknown) => problem(502, wordsOf(error)));
    const [{ renderPage }, { pageHeaders }] = await Promise.all([
      import('../../shared/pages/render-page.ts'),
      import('../../shared/pages/page-headers.ts'),
    ]);
    response.writeHead(reply.status, {
      ...pageHeaders(),
      ...(reply.location !== undefined && { location: reply.location }),
      ...(reply.cookies && reply.cookies.length > 0 && { 'set-cookie': [...reply.cookies] }),
      // What is left of a body that was not read is not waited for.
      ...(request.complete ? {} : { connection: 'close' }),
    });
    response.end(reply.page && renderPage(reply.page));
  };
}

export type ConsolePages = ReturnType<typeof createConsolePages>;
