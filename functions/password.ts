import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { z } from 'zod';
import { emailAddressSchema, parseEmailAddress } from '../shared/email/email-address.ts';
import { PasswordChoosePage, PasswordOutcomePage } from '../shared/pages/password-choose-page.tsx';
import { PasswordLinkPage, PasswordLinkSentPage } from '../shared/pages/password-link-page.tsx';
import { Problem } from '../shared/problem.ts';
import { portalPage, readOwnForm, visitOf, visitorOf, type Visitor } from './trigger/browser.ts';
import { http, type Handler } from './trigger/endpoint.ts';
import { formOperation, pageAnswer, pageOperation } from './trigger/operation.ts';
import { portalErrors } from './trigger/portal-errors.ts';
import type { Services } from './trigger/services.ts';

async function sendLink(
  services: Services,
  visitor: Visitor,
  request: HttpRequest,
): Promise<HttpResponseInit> {
  const typed = ((await readOwnForm(services, request)).email ?? '').slice(0, 300);
  const email = parseEmailAddress(typed);
  if (email === undefined) {
    const errors = { email: 'This is not an e-mail address.' };
    return portalPage(services, visitor, PasswordLinkPage({ csrf: visitor.csrf, email: typed, errors }), 400);
  }
  await services.passwordLinks.request(email, visitOf(request));
  return portalPage(services, visitor, PasswordLinkSentPage({ email }));
}

async function show(services: Services, visitor: Visitor, token: string): Promise<HttpResponseInit> {
  const email = await services.passwordLinks.addressOf(token);
  return email === undefined
    ? portalPage(services, visitor, PasswordOutcomePage({ outcome: 'dead' }), 410)
    : portalPage(services, visitor, PasswordChoosePage({ csrf: visitor.csrf, token, email }));
}

async function choose(services: Services, visitor: Visitor, request: HttpRequest): Promise<HttpResponseInit> {
  const { token = '', password = '' } = await readOwnForm(services, request);
  const choice = await services.passwordLinks.choose(token, password, visitOf(request));
  switch (choice.kind) {
    case 'chosen':
      return portalPage(services, visitor, PasswordOutcomePage({ outcome: 'chosen' }));
    case 'dead':
      return portalPage(services, visitor, PasswordOutcomePage({ outcome: 'dead' }), 410);
    case 'unfit': {
      const errors = { password: choice.detail };
      const page = PasswordChoosePage({ csrf: visitor.csrf, token, email: choice.email, errors });
      return portalPage(services, visitor, page, 400);
    }
  }
}

/** A password by an e-mailed link. Opening the link changes nothing; only sending the form does. */
export const password: Handler = async (services, request) => {
  const visitor = await visitorOf(services, request);
  switch (`${request.method} ${request.params.step ?? ''}`) {
    case 'GET ':
      return portalPage(services, visitor, PasswordLinkPage({ csrf: visitor.csrf }));
    case 'POST ':
      return sendLink(services, visitor, request);
    case 'GET choose':
      return show(services, visitor, request.query.get('token') ?? '');
    case 'POST choose':
      return choose(services, visitor, request);
    default:
      throw new Problem('not-found', 'There is no such page.');
  }
};

const deadLink = pageAnswer('The link was used, or is too old.');

http('password', {
  methods: ['GET', 'POST'],
  route: 'password/{step?}',
  handler: password,
  errors: portalErrors,
  operations: [
    pageOperation({
      id: 'showPasswordLink',
      path: '/password',
      summary: 'Asks for an address',
      caller: 'anyone',
    }),
    formOperation({
      id: 'sendPasswordLink',
      path: '/password',
      summary: 'Mails a link to choose a password',
      caller: 'anyone',
      fields: { email: emailAddressSchema },
      errors: [429],
    }),
    pageOperation({
      id: 'showPasswordChoice',
      path: '/password/choose',
      summary: 'The link: asks for the new password',
      caller: 'anyone',
      query: z.object({ token: z.string().optional() }),
      answers: { 410: deadLink },
    }),
    formOperation({
      id: 'choosePassword',
      path: '/password/choose',
      summary: 'Sets the password',
      caller: 'anyone',
      fields: { token: z.string(), password: z.string() },
      answers: { 410: deadLink },
      errors: [429],
    }),
  ],
});
