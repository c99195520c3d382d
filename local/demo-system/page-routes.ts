import { forPerson, readableDashboard, readableElementIds, readOwnForm, requireAdmin } from './access.ts';
import { activeAlarms } from './alarms.ts';
import { requireOwnOrigin } from './caller.ts';
import { DASHBOARDS } from './dashboards.ts';
import { findElement } from './elements.ts';
import { html, seeOther, type Route } from './exchange.ts';
import type { Hilltop } from './hilltop.ts';
import { HttpError } from './http-error.ts';
import { dashboardListPage } from './pages/dashboard-list-page.tsx';
import { dashboardPage } from './pages/dashboard-page.tsx';
import { loginPage } from './pages/login-page.tsx';
import { userListPage } from './pages/user-list-page.tsx';
import { mayReadDashboard } from './permissions.ts';
import { readForm } from './request-body.ts';
import { endedSessionCookie, sessionCookie, sessionSecretIn } from './sessions.ts';

/** Signing in and out, the dashboards, the users, and the files of the pages. */
export const pageRoutes = ({ assets, clock, sessions, signIn, users }: Hilltop): readonly Route[] => [
  { method: 'GET', path: '/', answer: forPerson(async () => seeOther('/dashboards')) },
  {
    method: 'GET',
    path: '/login',
    answer: async ({ url, caller }) => {
      const next = ownPath(url.searchParams.get('next'));
      return caller ? seeOther(next) : html(loginPage({ assets }, { next, name: '' }));
    },
  },
  {
    method: 'POST',
    path: '/login',
    answer: async ({ request }) => {
      requireOwnOrigin(request);
      const form = await readForm(request);
      const name = form.get('name') ?? '';
      const next = ownPath(form.get('next'));
      try {
        const user = await signIn.check(name, form.get('password') ?? '', request.socket.remoteAddress ?? '');
        return seeOther(next, { 'set-cookie': sessionCookie(sessions.open(user.name)) });
      } catch (problem) {
        if (!(problem instanceof HttpError)) throw problem;
        return html(loginPage({ assets }, { next, name, problem: problem.detail }), problem.status);
      }
    },
  },
  {
    method: 'POST',
    path: '/logout',
    answer: forPerson(async (exchange) => {
      await readOwnForm(exchange);
      const secret = sessionSecretIn(exchange.request.headers.cookie);
      if (secret !== undefined) sessions.close(secret);
      return seeOther('/login', { 'set-cookie': endedSessionCookie });
    }),
  },
  {
    method: 'GET',
    path: '/dashboards',
    answer: forPerson(async ({ caller }) => {
      const listed = DASHBOARDS.filter(({ id }) => mayReadDashboard(caller.user, id)).map((dashboard) => ({
        dashboard,
        alarms: activeAlarms(readableElementIds(caller.user, dashboard), clock.now()),
      }));
      return html(dashboardListPage({ assets, caller }, listed));
    }),
  },
  {
    method: 'GET',
    path: '/dashboards/:id',
    answer: forPerson(async ({ caller, params }) => {
      const dashboard = readableDashboard(caller.user, params.id ?? '');
      const ids = readableElementIds(caller.user, dashboard);
      const elements = ids.flatMap((id) => findElement(id) ?? []);
      const at = clock.now();
      return html(
        dashboardPage({ assets, caller }, { dashboard, elements, alarms: activeAlarms(ids, at), at }),
      );
    }),
  },
  {
    method: 'GET',
    path: '/users',
    answer: forPerson(async ({ caller }) => {
      requireAdmin(caller);
      return html(userListPage({ assets, caller }, users.list()));
    }),
  },
  ...[assets.script, assets.style, assets.icon].map(({ path, type, content }): Route => ({
    method: 'GET',
    path,
    answer: async () => ({
      status: 200,
      headers: { 'content-type': type, 'cache-control': 'public, max-age=31536000, immutable' },
      body: content,
    }),
  })),
];

/** A path of this application, or the start page: never another site. */
function ownPath(text: string | null): string {
  const base = 'http://here.invalid';
  if (text === null || !text.startsWith('/') || !URL.canParse(text, base)) return '/dashboards';
  const url = new URL(text, base);
  return url.origin === base && !url.pathname.startsWith('//') ? url.pathname + url.search : '/dashboards';
}
