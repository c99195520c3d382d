import { z } from 'zod';
import { OAuthError } from '../shared/oauth/oauth-error.ts';
import { http } from './trigger/endpoint.ts';
import {
  clientSchema,
  oauthEndpoint,
  oauthErrors,
  oauthJson,
  readOAuthForm,
} from './trigger/oauth-endpoint.ts';
import { formBody, jsonAnswer, oauthOperation } from './trigger/operation.ts';

const revocationSchema = clientSchema.extend({
  token: z.string().min(1),
  token_type_hint: z.string().optional().describe('Not needed: the token says what it is.'),
});

/** RFC 7009: a gateway gives up its credentials. Unknown tokens get the same answer. */
export const revoke = oauthEndpoint(async ({ credentials }, request) => {
  const fields = await readOAuthForm(request);
  if (fields.token === undefined) throw new OAuthError('invalid_request', 'token is missing.');
  await credentials.revoke(fields.token);
  return oauthJson({});
});

http('revoke', {
  methods: ['POST'],
  route: 'oauth/revoke',
  handler: revoke,
  errors: oauthErrors,
  operations: [
    oauthOperation({
      id: 'revokeToken',
      method: 'POST',
      path: '/oauth/revoke',
      summary: 'A gateway gives up its credentials (RFC 7009)',
      body: formBody('RevocationRequest', revocationSchema),
      answers: { 200: jsonAnswer('Done, also for an unknown token.', 'Revocation', z.object({})) },
    }),
  ],
});
