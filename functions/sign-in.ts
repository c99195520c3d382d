import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { z } from 'zod';
import type { Account } from '../shared/accounts/account.ts';
import type { Factor } from '../shared/accounts/factor.ts';
import type { SignInStep } from '../shared/accounts/sign-in-steps.ts';
import { emailAddressSchema, parseEmailAddress, type EmailAddress } from '../shared/email/email-address.ts';
import { SignInCodePage } from '../shared/pages/sign-in-code-page.tsx';
import { SignInPage } from '../shared/pages/sign-in-page.tsx';
import { SignInPasswordPage } from '../shared/pages/sign-in-password-page.tsx';
import { SignInSecondFactorPage } from '../shared/pages/sign-in-second-factor-page.tsx';
import { Problem } from '../shared/problem.ts';
import { portalPage, readOwnForm, returnPath, visitOf, visitorOf, type Visitor } from './trigger/browser.ts';
import { http, type Handler } from './trigger/endpoint.ts';
import { formOperation, pageOperation } from './trigger/operation.ts';
import { portalErrors } from './trigger/portal-errors.ts';
import { seeOther } from './trigger/responses.ts';
import type { Services } from './trigger/services.ts';
import { answerStep } from './trigger/sign-in-step.ts';

/** One of our forms, as a browser sent it. */
interface Posted {
  readonly services: Services;
  readonly request: HttpRequest;
  readonly visitor: Visitor;
  readonly fields: Record<string, string>;
  readonly returnTo: string;
  readonly typedEmail: string;
  readonly email: EmailAddress | undefined;
}

async function readPosted(services: Services, request: HttpRequest): Promise<Posted> {
  const fields = await readOwnForm(services, request);
  const visitor = await visitorOf(services, request);
  const typedEmail = (fields.email ?? '').slice(0, 300);
  return {
    services,
    request,
    visitor,
    fields,
    returnTo: returnPath(fields.returnTo),
    typedEmail,
    email: parseEmailAddress(typedEmail),
  };
}

const noAddress = { email: 'This is not an e-mail address.' };

function askAddress(services: Services, visitor: Visitor, request: HttpRequest): HttpResponseInit {
  const returnTo = returnPath(request.query.get('returnTo'));
  const { session, csrf } = visitor;
  const again = session !== undefined && request.query.has('again');
  if (session && !again) return seeOther(returnTo);
  const provider = again ? undefined : services.providerSignIn?.name;
  return portalPage(
    services,
    visitor,
    SignInPage({ returnTo, csrf, again, email: session?.email, provider }),
  );
}

function startOver({ services, visitor, returnTo, typedEmail }: Posted, errors: Record<string, string>) {
  const { csrf } = visitor;
  const provider = services.providerSignIn?.name;
  const page = SignInPage({ returnTo, csrf, email: typedEmail, errors, provider });
  return portalPage(services, visitor, page, 400);
}

async function sendCode(posted: Posted): Promise<HttpResponseInit> {
  const { services, request, visitor, returnTo, email } = posted;
  if (email === undefined) return startOver(posted, noAddress);
  const challengeId = await services.signIn.begin(email, visitOf(request));
  return portalPage(services, visitor, SignInCodePage({ challengeId, email, returnTo, csrf: visitor.csrf }));
}

async function checkCode(posted: Posted): Promise<HttpResponseInit> {
  const { services, request, visitor, fields, returnTo } = posted;
  const challengeId = fields.challengeId ?? '';
  const account = await services.signIn.finish(challengeId, fields.code ?? '');
  if (account) return goOn(posted, account, 'code');
  const email = await services.signIn.addressOf(challengeId);
  if (email === undefined) {
    return startOver(posted, { email: 'That code is too old. Ask for a new one.' });
  }
  await services.accountNotice.noteAttempt('account.sign-in-refused', email, visitOf(request), 'code');
  const errors = { code: 'This code is not right, or was used already. Check the newest e-mail.' };
  return portalPage(
    services,
    visitor,
    SignInCodePage({ challengeId, email, returnTo, csrf: visitor.csrf, errors }),
    400,
  );
}

const askPassword = (
  {
    services,
    visitor,
    returnTo,
    typedEmail,
  }: Pick<Posted, 'services' | 'visitor' | 'returnTo' | 'typedEmail'>,
  errors?: Record<string, string>,
) =>
  portalPage(
    services,
    visitor,
    SignInPasswordPage({ email: typedEmail, returnTo, csrf: visitor.csrf, errors }),
    errors === undefined ? 200 : 400,
  );

async function checkPassword(posted: Posted): Promise<HttpResponseInit> {
  const { services, request, fields, email } = posted;
  if (fields.password === undefined) return askPassword(posted);
  if (email === undefined) return askPassword(posted, noAddress);
  const account = await services.passwords.check(email, fields.password, visitOf(request));
  if (account) return goOn(posted, account, 'password');
  return askPassword(posted, { password: 'Address and password do not fit together.' });
}

async function goOn(posted: Posted, account: Account, factor: Factor): Promise<HttpResponseInit> {
  return after(posted, await posted.services.signInSteps.first(account, factor, visitOf(posted.request)));
}

async function checkSecondFactor(posted: Posted): Promise<HttpResponseInit> {
  const { services, request, visitor, fields, returnTo } = posted;
  const half = fields.half ?? '';
  const step = await services.signInSteps.second(half, fields.code ?? '', visitOf(request));
  switch (step.kind) {
    case 'signed-in':
      return after(posted, step);
    case 'over':
      return startOver(posted, { '': 'That took too long or too many attempts. Please sign in again.' });
    case 'wrong': {
      const errors = { code: 'This code is not right, or was used already.' };
      const page = SignInSecondFactorPage({ half, returnTo, csrf: visitor.csrf, errors });
      return portalPage(services, visitor, page, 400);
    }
  }
}

const after = ({ services, visitor, returnTo }: Posted, step: SignInStep) =>
  answerStep(services, visitor, returnTo, step);

/** Sign-in by a code to the address or by a password, and a second step where there is one. A GET changes nothing. */
export const signIn: Handler = async (services, request) => {
  const step = request.params.step ?? '';
  if (request.method === 'GET') {
    const visitor = await visitorOf(services, request);
    switch (step) {
      case '':
        return askAddress(services, visitor, request);
      case 'password': {
        const returnTo = returnPath(request.query.get('returnTo'));
        return askPassword({ services, visitor, returnTo, typedEmail: '' });
      }
      case 'code':
      case 'second-factor':
        return seeOther('/sign-in');
      default:
        throw new Problem('not-found', 'There is no such page.');
    }
  }
  switch (step) {
    case '':
      return sendCode(await readPosted(services, request));
    case 'code':
      return checkCode(await readPosted(services, request));
    case 'password':
      return checkPassword(await readPosted(services, request));
    case 'second-factor':
      return checkSecondFactor(await readPosted(services, request));
    default:
      throw new Problem('not-found', 'There is no such page.');
  }
};

http('sign-in', {
  methods: ['GET', 'POST'],
  route: 'sign-in/{step?}',
  handler: signIn,
  errors: portalErrors,
  operations: [
    pageOperation({
      id: 'showSignIn',
      path: '/sign-in',
      summary: 'Asks for an e-mail address',
      caller: 'anyone',
      query: z.object({
        returnTo: z.string().optional().describe('A path of the portal to go on to.'),
        again: z.string().optional().describe('Also for who is signed in.'),
      }),
    }),
    formOperation({
      id: 'sendSignInCode',
      path: '/sign-in',
      summary: 'Mails a code',
      caller: 'anyone',
      fields: { email: emailAddressSchema, returnTo: z.string().optional() },
      errors: [429],
    }),
    pageOperation({
      id: 'restartSignIn',
      path: '/sign-in/code',
      summary: 'Leads to where sign-in starts',
      caller: 'anyone',
    }),
    formOperation({
      id: 'signInByCode',
      path: '/sign-in/code',
      summary: 'Signs in with the mailed code',
      caller: 'anyone',
      fields: { challengeId: z.string(), code: z.string(), returnTo: z.string().optional() },
      errors: [429],
    }),
    pageOperation({
      id: 'showSignInByPassword',
      path: '/sign-in/password',
      summary: 'Asks for address and password',
      caller: 'anyone',
      query: z.object({ returnTo: z.string().optional() }),
    }),
    formOperation({
      id: 'signInByPassword',
      path: '/sign-in/password',
      summary: 'Signs in with a password',
      caller: 'anyone',
      fields: { email: emailAddressSchema, password: z.string().optional(), returnTo: z.string().optional() },
      errors: [429],
    }),
    pageOperation({
      id: 'restartSecondFactor',
      path: '/sign-in/second-factor',
      summary: 'Leads to where sign-in starts',
      caller: 'anyone',
    }),
    formOperation({
      id: 'signInBySecondFactor',
      path: '/sign-in/second-factor',
      summary: 'Goes on with the code of an app, or a recovery code',
      caller: 'anyone',
      fields: { half: z.string(), code: z.string(), returnTo: z.string().optional() },
      errors: [429],
    }),
  ],
});
