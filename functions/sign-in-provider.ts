import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { z } from 'zod';
import { ProviderFailure } from '../shared/accounts/identity-provider.ts';
import { providerSignInLifetime, type ProviderSignIn } from '../shared/accounts/provider-sign-in.ts';
import { second } from '../shared/clock.ts';
import {
  ProviderMovedPage,
  ProviderTroublePage,
  type ProviderTrouble,
} from '../shared/pages/provider-outcome-page.tsx';
import { Problem } from '../shared/problem.ts';
import {
  hostCookie,
  portalPage,
  readCookie,
  returnPath,
  sourceOf,
  visitOf,
  visitorOf,
} from './trigger/browser.ts';
import { http, type Handler } from './trigger/endpoint.ts';
import { pageOperation } from './trigger/operation.ts';
import { portalErrors } from './trigger/portal-errors.ts';
import { seeOther } from './trigger/responses.ts';
import type { Services } from './trigger/services.ts';
import { answerStep } from './trigger/sign-in-step.ts';

/** Ties the way through the provider to the browser that began it. */
const providerCookie = '__Host-drawbridge-provider';

const statusOf: Record<ProviderTrouble, number> = {
  unreachable: 503,
  denied: 403,
  refused: 400,
  unverified: 403,
  stale: 400,
  taken: 403,
};

async function show(
  services: Services,
  request: HttpRequest,
  provider: string,
  trouble: ProviderTrouble,
): Promise<HttpResponseInit> {
  const visitor = await visitorOf(services, request);
  const cookies = [...visitor.cookies, hostCookie(providerCookie, '', 0)];
  const page = ProviderTroublePage({ trouble, provider });
  return portalPage(services, { ...visitor, cookies }, page, statusOf[trouble]);
}

async function begin(
  services: Services,
  request: HttpRequest,
  providerSignIn: ProviderSignIn,
): Promise<HttpResponseInit> {
  try {
    const { location, cookie } = await providerSignIn.begin(returnPath(request.query.get('returnTo')));
    return seeOther(location, [hostCookie(providerCookie, cookie, providerSignInLifetime / second)]);
  } catch (error) {
    if (!(error instanceof ProviderFailure)) throw error;
    return show(services, request, providerSignIn.name, error.reason);
  }
}

async function finish(
  services: Services,
  request: HttpRequest,
  providerSignIn: ProviderSignIn,
): Promise<HttpResponseInit> {
  const visitor = await visitorOf(services, request);
  const cookie = readCookie(request, providerCookie);
  const outcome = await providerSignIn.finish(
    request.query,
    cookie,
    sourceOf(request),
    visitor.session?.email,
  );
  const { name } = providerSignIn;
  if (outcome.kind !== 'proved') return show(services, request, name, outcome.kind);
  const { account, factor, returnTo, movedFrom } = outcome;
  const step = await services.signInSteps.first(account, factor, visitOf(request));
  const answer = await answerStep(services, visitor, returnTo, step);
  const cookies = [...(answer.cookies ?? []), hostCookie(providerCookie, '', 0)];
  if (movedFrom === undefined || step.kind === 'second-factor') return { ...answer, cookies };
  const page = ProviderMovedPage({ provider: name, from: movedFrom, to: account.email, returnTo });
  return portalPage(services, { ...visitor, cookies }, page);
}

/** Sign-in at the operator's OpenID provider, where there is one. */
export const signInProvider: Handler = async (services, request) => {
  const { providerSignIn } = services;
  if (providerSignIn && request.params.act === undefined) return begin(services, request, providerSignIn);
  if (providerSignIn && request.params.act === 'callback') return finish(services, request, providerSignIn);
  throw new Problem('not-found', 'There is no such page.');
};

http('sign-in-provider', {
  methods: ['GET'],
  route: 'provider-sign-in/{act?}',
  handler: signInProvider,
  errors: portalErrors,
  operations: [
    pageOperation({
      id: 'beginProviderSignIn',
      path: '/provider-sign-in',
      summary: "Leads to the operator's OpenID provider, where there is one",
      caller: 'anyone',
      query: z.object({ returnTo: z.string().optional().describe('A path of the portal to go on to.') }),
      errors: [404],
    }),
    pageOperation({
      id: 'finishProviderSignIn',
      path: '/provider-sign-in/callback',
      summary: 'Takes the answer of the OpenID provider (RFC 6749 section 4.1.2, RFC 9207)',
      caller: 'anyone',
      query: z.object({
        state: z.string().optional(),
        code: z.string().optional(),
        iss: z.string().optional(),
        error: z.string().optional(),
      }),
      errors: [404, 429],
    }),
  ],
});
