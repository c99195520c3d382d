import { OAuthError } from '../shared/oauth/oauth-error.ts';
import { readRenewalAttempt } from '../shared/oauth/refresh-attempt.ts';
import type { IssuedCredentials } from '../shared/systems/gateway-credentials.ts';
import { http } from './trigger/endpoint.ts';
import {
  grantedScope,
  oauthEndpoint,
  oauthErrors,
  oauthJson,
  readOAuthForm,
} from './trigger/oauth-endpoint.ts';

const deviceCodeGrant = 'urn:ietf:params:oauth:grant-type:device_code';

function required(fields: Record<string, string>, name: string): string {
  const value = fields[name];
  if (value === undefined) throw new OAuthError('invalid_request', `${name} is missing.`);
  return value;
}

const tokenResponse = ({ accessToken, refreshKey, expiresIn, gateway }: IssuedCredentials) => ({
  access_token: accessToken,
  token_type: 'Bearer',
  expires_in: expiresIn,
  refresh_token: refreshKey,
  scope: grantedScope,
  system_id: gateway.systemId,
  gateway_id: gateway.id,
});

/** RFC 6749 section 5 for the device grant (RFC 8628 section 3.4) and for renewal (RFC 6749 section 6). */
export const token = oauthEndpoint(async ({ deviceGrants, credentials, organizations }, request) => {
  const fields = await readOAuthForm(request);
  switch (required(fields, 'grant_type')) {
    case deviceCodeGrant: {
      const issued = await deviceGrants.poll(required(fields, 'device_code'));
      const organization = await organizations.read(issued.system.organizationId);
      return oauthJson({
        ...tokenResponse(issued),
        system_name: issued.system.name,
        organization_name: organization?.name,
      });
    }
    case 'refresh_token': {
      const attempt = readRenewalAttempt(fields.attempt, fields.earlier_attempts);
      return oauthJson(tokenResponse(await credentials.renew(required(fields, 'refresh_token'), attempt)));
    }
    default:
      throw new OAuthError('unsupported_grant_type', 'Use the device code or the refresh token grant.');
  }
});

http('token', { methods: ['POST'], route: 'oauth/token', handler: token, errors: oauthErrors });
