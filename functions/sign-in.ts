import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { parseEmailAddress } from '../shared/email/email-address.ts';
import { SignInCodePage } from '../shared/pages/sign-in-code-page.tsx';
import { SignInPage } from '../shared/pages/sign-in-page.tsx';
import { Problem } from '../shared/problem.ts';
import {
  hostCookie,
  portalPage,
  readOwnForm,
  returnPath,
  sessionCookie,
  sourceOf,
  visitorOf,
  type Visitor,
} from './trigger/browser.ts';
import { http, type Handler } from './trigger/endpoint.ts';
import { portalErrors } from './trigger/portal-errors.ts';
import { seeOther } from './trigger/responses.ts';
import type { Services } from './trigger/services.ts';

const monthOfSeconds = 30 * 24 * 3600;

function askAddress(services: Services, visitor: Visitor, request: HttpRequest): HttpResponseInit {
  const returnTo = returnPath(request.query.get('returnTo'));
  if (visitor.session) return seeOther(returnTo);
  return portalPage(services, visitor, SignInPage({ returnTo, csrf: visitor.csrf }));
}

async function sendCode(services: Services, request: HttpRequest): Promise<HttpResponseInit> {
  const fields = await readOwnForm(services, request);
  const visitor = await visitorOf(services, request);
  const returnTo = returnPath(fields.returnTo);
  const typed = (fields.email ?? '').slice(0, 300);
  const email = parseEmailAddress(typed);
  if (email === undefined) {
    const errors = { email: 'This is not an e-mail address.' };
    return portalPage(
      services,
      visitor,
      SignInPage({ returnTo, csrf: visitor.csrf, email: typed, errors }),
      400,
    );
  }
  const challengeId = await services.signIn.begin(email, sourceOf(request));
  return portalPage(services, visitor, SignInCodePage({ challengeId, email, returnTo, csrf: visitor.csrf }));
}

async function checkCode(services: Services, request: HttpRequest): Promise<HttpResponseInit> {
  const fields = await readOwnForm(services, request);
  const visitor = await visitorOf(services, request);
  const returnTo = returnPath(fields.returnTo);
  const challengeId = fields.challengeId ?? '';
  const account = await services.signIn.finish(challengeId, fields.code ?? '');
  if (!account) {
    const email = await services.signIn.addressOf(challengeId);
    if (email === undefined) {
      const errors = { email: 'That code is too old. Ask for a new one.' };
      return portalPage(services, visitor, SignInPage({ returnTo, csrf: visitor.csrf, errors }), 400);
    }
    const errors = { code: 'This code is not right, or was used already. Check the newest e-mail.' };
    return portalPage(
      services,
      visitor,
      SignInCodePage({ challengeId, email, returnTo, csrf: visitor.csrf, errors }),
      400,
    );
  }
  // A new session for every sign-in, and an end to the one before (ASVS 3.2.1).
  if (visitor.session) await services.sessions.close(visitor.session);
  const { cookie } = await services.sessions.openPortal(account);
  await services.audit.append({
    organizationId: 'service',
    actor: { kind: 'account', id: account.id, label: account.email },
    action: 'account.signed-in',
    details: { from: sourceOf(request) },
  });
  return seeOther(returnTo, [hostCookie(sessionCookie, cookie, monthOfSeconds)]);
}

/** Sign-in by a code to the address. A GET changes nothing. */
export const signIn: Handler = async (services, request) => {
  switch (`${request.method} ${request.params.step ?? ''}`) {
    case 'GET ':
      return askAddress(services, await visitorOf(services, request), request);
    case 'GET code':
      return seeOther('/sign-in');
    case 'POST ':
      return sendCode(services, request);
    case 'POST code':
      return checkCode(services, request);
    default:
      throw new Problem('not-found', 'There is no such page.');
  }
};

http('sign-in', {
  methods: ['GET', 'POST'],
  route: 'sign-in/{step?}',
  handler: signIn,
  errors: portalErrors,
});
