import { requireFormToken, requireOwnOrigin, unauthenticated, type Caller } from './caller.ts';
import { findDashboard, type Dashboard } from './dashboards.ts';
import { findElement, findParameter, type MonitoredElement, type Parameter } from './elements.ts';
import { seeOther, type Exchange, type Reply, type SignedInExchange } from './exchange.ts';
import { HttpError } from './http-error.ts';
import { mayAdminister, mayReadDashboard, mayReadElement, mayShare } from './permissions.ts';
import { readForm } from './request-body.ts';
import type { User } from './user-store.ts';

type Answer = (exchange: SignedInExchange) => Promise<Reply>;

/** Lets a caller in or refuses with 401; for programs. */
export const forCaller =
  (answer: Answer) =>
  async (exchange: Exchange): Promise<Reply> => {
    if (!exchange.caller) throw unauthenticated(exchange.request);
    return answer({ ...exchange, caller: exchange.caller });
  };

/** Lets a caller in or sends to the login page; for people. */
export const forPerson =
  (answer: Answer) =>
  async (exchange: Exchange): Promise<Reply> => {
    if (exchange.caller) return answer({ ...exchange, caller: exchange.caller });
    const { pathname, search } = exchange.url;
    return seeOther(pathname === '/' ? '/login' : `/login?next=${encodeURIComponent(pathname + search)}`);
  };

export const requireAdmin = ({ user }: Caller): void => {
  if (!mayAdminister(user)) throw new HttpError('forbidden', 'Only an admin may do this.');
};

export const requireSharer = ({ user }: Caller): void => {
  if (!mayShare(user)) throw new HttpError('forbidden', 'Only an admin or an operator may share.');
};

/** @throws HttpError 403 unless the form came from our own page and was made for this caller */
export async function readOwnForm(exchange: SignedInExchange): Promise<URLSearchParams> {
  requireOwnOrigin(exchange.request);
  const form = await readForm(exchange.request);
  requireFormToken(form, exchange.caller);
  return form;
}

/** @throws HttpError 403, also for what is not there when the user may not know; then 404 */
export function readableDashboard(user: User, id: string): Dashboard {
  if (!mayReadDashboard(user, id)) throw new HttpError('forbidden', 'You may not read this dashboard.');
  const dashboard = findDashboard(id);
  if (!dashboard) throw new HttpError('notFound', 'There is no such dashboard.');
  return dashboard;
}

/** @throws HttpError 403, also for what is not there when the user may not know; then 404 */
export function readableElement(user: User, id: number): MonitoredElement {
  if (!mayReadElement(user, id)) throw new HttpError('forbidden', `You may not read element ${id}.`);
  const element = findElement(id);
  if (!element) throw new HttpError('notFound', `There is no element ${id}.`);
  return element;
}

/** @throws HttpError 404 */
export function parameterOf(element: MonitoredElement, name: string): Parameter {
  const parameter = findParameter(element, name);
  if (!parameter) throw new HttpError('notFound', `Element ${element.id} has no parameter of that name.`);
  return parameter;
}

export const readableElementIds = (user: User, dashboard: Dashboard): number[] =>
  dashboard.elementIds.filter((id) => mayReadElement(user, id));
