import type { HttpResponseInit } from '@azure/functions';
import { portalLifetime } from '../../shared/accounts/session.ts';
import type { SignInStep } from '../../shared/accounts/sign-in-steps.ts';
import { second } from '../../shared/clock.ts';
import { SignInSecondFactorPage } from '../../shared/pages/sign-in-second-factor-page.tsx';
import { deviceCookie, hostCookie, portalPage, sessionCookie, type Visitor } from './browser.ts';
import { seeOther } from './responses.ts';
import type { Services } from './services.ts';

const sessionSeconds = portalLifetime / second;
const yearOfSeconds = 365 * 24 * 3600;

/** Asks for the second step where there is one, or signs the browser in and sends it on. */
export async function answerStep(
  services: Services,
  visitor: Visitor,
  returnTo: string,
  step: SignInStep,
): Promise<HttpResponseInit> {
  if (step.kind === 'second-factor') {
    const { half } = step;
    return portalPage(services, visitor, SignInSecondFactorPage({ half, returnTo, csrf: visitor.csrf }));
  }
  // A new session for every sign-in, and an end to the one before (ASVS 3.2.1).
  if (visitor.session) await services.sessions.close(visitor.session);
  return seeOther(returnTo, [
    hostCookie(sessionCookie, step.cookie, sessionSeconds),
    hostCookie(deviceCookie, step.device, yearOfSeconds),
  ]);
}
