import { OAuthError } from '../shared/oauth/oauth-error.ts';
import { http } from './trigger/endpoint.ts';
import { oauthEndpoint, oauthErrors, oauthJson, readOAuthForm } from './trigger/oauth-endpoint.ts';

/** RFC 7009: a gateway gives up its credentials. Unknown tokens get the same answer. */
export const revoke = oauthEndpoint(async ({ credentials }, request) => {
  const fields = await readOAuthForm(request);
  if (fields.token === undefined) throw new OAuthError('invalid_request', 'token is missing.');
  await credentials.revoke(fields.token);
  return oauthJson({});
});

http('revoke', { methods: ['POST'], route: 'oauth/revoke', handler: revoke, errors: oauthErrors });
