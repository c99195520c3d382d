import { OAuthError } from '../shared/oauth/oauth-error.ts';
import { http, type Handler } from './trigger/endpoint.ts';
import { oauthErrors, oauthHeaders, readOAuthForm } from './trigger/oauth-endpoint.ts';

/** RFC 7009: a gateway gives up its credentials. Unknown tokens get the same answer. */
export const revoke: Handler = async ({ credentials }, request) => {
  const fields = await readOAuthForm(request);
  if (fields.token === undefined) throw new OAuthError('invalid_request', 'token is missing.');
  await credentials.revoke(fields.token);
  return { status: 200, headers: { ...oauthHeaders }, body: '{}' };
};

http('revoke', { methods: ['POST'], route: 'oauth/revoke', handler: revoke, errors: oauthErrors });
