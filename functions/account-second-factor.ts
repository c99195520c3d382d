import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { z } from 'zod';
import { withoutSecondFactor, type Factor } from '../shared/accounts/factor.ts';
import type { Enrolment } from '../shared/accounts/second-factors.ts';
import { csrfToken, portalLifetime } from '../shared/accounts/session.ts';
import type { Visit } from '../shared/accounts/visit.ts';
import { second } from '../shared/clock.ts';
import { portalPaths } from '../shared/pages/portal-paths.ts';
import { qrModules } from '../shared/pages/qr-modules.ts';
import {
  EnrolSecondFactorPage,
  RecoveryCodesPage,
  SecondFactorPage,
} from '../shared/pages/second-factor-page.tsx';
import { Problem } from '../shared/problem.ts';
import {
  hostCookie,
  portalPage,
  readOwnForm,
  sessionCookie,
  signedInVisitor,
  signInAgain,
  signInFirst,
  visitOf,
  type SignedInVisitor,
} from './trigger/browser.ts';
import { http, type Handler } from './trigger/endpoint.ts';
import { formOperation, pageOperation } from './trigger/operation.ts';
import { portalErrors } from './trigger/portal-errors.ts';
import { seeOther } from './trigger/responses.ts';
import type { Services } from './trigger/services.ts';

const sessionSeconds = portalLifetime / second;
const ownerOf = ({ session }: SignedInVisitor) => ({ id: session.accountId, email: session.email });

async function replaceSession(
  services: Services,
  visitor: SignedInVisitor,
  factors: readonly Factor[],
  visit: Visit,
): Promise<SignedInVisitor> {
  const cookie = await services.signInSteps.replace(visitor.session, factors, visit);
  const csrf = csrfToken((await services.secrets.current('handoff')).value, cookie);
  return { ...visitor, csrf, cookies: [hostCookie(sessionCookie, cookie, sessionSeconds)] };
}

async function showEnrolment(
  services: Services,
  visitor: SignedInVisitor,
  enrolment: Enrolment,
  errors?: Record<string, string>,
): Promise<HttpResponseInit> {
  const { session, csrf } = visitor;
  const modules = await qrModules(enrolment.uri);
  const page = EnrolSecondFactorPage({ account: session.email, csrf, ...enrolment, modules, errors });
  return portalPage(services, visitor, page, errors === undefined ? 200 : 400);
}

async function confirm(
  services: Services,
  visitor: SignedInVisitor,
  request: HttpRequest,
): Promise<HttpResponseInit> {
  const { sealed = '', code = '' } = await readOwnForm(services, request);
  const owner = ownerOf(visitor);
  const visit = visitOf(request);
  const codes = await services.secondFactors.confirm(owner, sealed, code, visit);
  if (!codes) {
    const enrolment = await services.secondFactors.resume(owner, sealed);
    if (!enrolment) return seeOther(portalPaths.secondFactor);
    const errors = {
      code: 'This is not the code that the app should show now. Is the clock of the phone right?',
    };
    return showEnrolment(services, visitor, enrolment, errors);
  }
  const factors = [...withoutSecondFactor(visitor.session.factors), 'totp' as const];
  const changed = await replaceSession(services, visitor, factors, visit);
  return portalPage(
    services,
    changed,
    RecoveryCodesPage({ account: owner.email, csrf: changed.csrf, codes }),
  );
}

async function renewCodes(
  services: Services,
  visitor: SignedInVisitor,
  request: HttpRequest,
): Promise<HttpResponseInit> {
  await readOwnForm(services, request);
  const codes = await services.secondFactors.renewRecoveryCodes(ownerOf(visitor), visitOf(request));
  const { session, csrf } = visitor;
  return portalPage(services, visitor, RecoveryCodesPage({ account: session.email, csrf, codes }));
}

async function remove(
  services: Services,
  visitor: SignedInVisitor,
  request: HttpRequest,
): Promise<HttpResponseInit> {
  await readOwnForm(services, request);
  const visit = visitOf(request);
  await services.secondFactors.remove(ownerOf(visitor), visit);
  const factors = withoutSecondFactor(visitor.session.factors);
  return seeOther(portalPaths.account, (await replaceSession(services, visitor, factors, visit)).cookies);
}

/** Sets up an authenticator app, soon after signing in; makes new recovery codes; turns it off. */
export const accountSecondFactor: Handler = async (services, request) => {
  const visitor = await signedInVisitor(services, request);
  if (!visitor) return signInFirst(request);
  const { session, csrf } = visitor;
  if (!(await services.signInSteps.mayChangeSignIn(session))) return signInAgain(portalPaths.secondFactor);
  switch (`${request.method} ${request.params.act ?? ''}`) {
    case 'GET ': {
      const state = await services.secondFactors.state(session.accountId);
      return portalPage(services, visitor, SecondFactorPage({ account: session.email, csrf, state }));
    }
    case 'POST enrol':
      await readOwnForm(services, request);
      return showEnrolment(services, visitor, await services.secondFactors.enrol(ownerOf(visitor)));
    case 'POST confirm':
      return confirm(services, visitor, request);
    case 'POST recovery-codes':
      return renewCodes(services, visitor, request);
    case 'POST remove':
      return remove(services, visitor, request);
    default:
      throw new Problem('not-found', 'There is no such page.');
  }
};

http('account-second-factor', {
  methods: ['GET', 'POST'],
  route: 'account/second-factor/{act?}',
  handler: accountSecondFactor,
  errors: portalErrors,
  operations: [
    pageOperation({
      id: 'showSecondFactor',
      path: '/account/second-factor',
      summary: 'Whether there is an app',
    }),
    formOperation({
      id: 'enrolSecondFactor',
      path: '/account/second-factor/enrol',
      summary: 'Begins to set up an app',
    }),
    formOperation({
      id: 'confirmSecondFactor',
      path: '/account/second-factor/confirm',
      summary: 'Sets up the app that shows this code',
      fields: { sealed: z.string(), code: z.string() },
      errors: [429],
    }),
    formOperation({
      id: 'renewRecoveryCodes',
      path: '/account/second-factor/recovery-codes',
      summary: 'Makes new recovery codes',
    }),
    formOperation({
      id: 'removeSecondFactor',
      path: '/account/second-factor/remove',
      summary: 'Turns the app off',
    }),
  ],
});
