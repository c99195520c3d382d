import { z } from 'zod';
import { OAuthError } from '../shared/oauth/oauth-error.ts';
import { noncePattern, readRenewalAttempt } from '../shared/oauth/refresh-attempt.ts';
import type { IssuedCredentials } from '../shared/systems/gateway-credentials.ts';
import { http } from './trigger/endpoint.ts';
import {
  clientSchema,
  grantedScope,
  oauthEndpoint,
  oauthErrors,
  oauthJson,
  readOAuthForm,
} from './trigger/oauth-endpoint.ts';
import { formBody, jsonAnswer, oauthOperation } from './trigger/operation.ts';

const deviceCodeGrant = 'urn:ietf:params:oauth:grant-type:device_code';

function required(fields: Record<string, string>, name: string): string {
  const value = fields[name];
  if (value === undefined) throw new OAuthError('invalid_request', `${name} is missing.`);
  return value;
}

const tokenRequestSchema = z.union([
  clientSchema.extend({ grant_type: z.literal(deviceCodeGrant), device_code: z.string().min(1) }),
  clientSchema.extend({
    grant_type: z.literal('refresh_token'),
    refresh_token: z.string().min(1),
    attempt: z.string().regex(noncePattern).optional().describe('A nonce that names this attempt.'),
    earlier_attempts: z.string().optional().describe('SHA-256 of the nonces before it, by commas.'),
  }),
]);

const tokensSchema = z.object({
  access_token: z.string(),
  token_type: z.literal('Bearer'),
  expires_in: z.int().describe('Seconds.'),
  refresh_token: z.string(),
  scope: z.literal(grantedScope),
  system_id: z.string(),
  gateway_id: z.string(),
  system_name: z.string().optional(),
  organization_name: z.string().optional(),
});

type Tokens = z.infer<typeof tokensSchema>;

const tokenResponse = ({ accessToken, refreshKey, expiresIn, gateway }: IssuedCredentials): Tokens => ({
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
      const answer: Tokens = {
        ...tokenResponse(issued),
        system_name: issued.system.name,
        organization_name: organization?.name,
      };
      return oauthJson(answer);
    }
    case 'refresh_token': {
      const attempt = readRenewalAttempt(fields.attempt, fields.earlier_attempts);
      return oauthJson(tokenResponse(await credentials.renew(required(fields, 'refresh_token'), attempt)));
    }
    default:
      throw new OAuthError('unsupported_grant_type', 'Use the device code or the refresh token grant.');
  }
});

http('token', {
  methods: ['POST'],
  route: 'oauth/token',
  handler: token,
  errors: oauthErrors,
  operations: [
    oauthOperation({
      id: 'requestToken',
      method: 'POST',
      path: '/oauth/token',
      summary: 'Tokens for a device code, or for a refresh key (RFC 6749 section 5)',
      description:
        'A refresh key works once; a lost answer may be asked for again with the same key. `attempt` and ' +
        '`earlier_attempts` are optional and let a client of its own tell a late request from theft.',
      body: formBody('TokenRequest', tokenRequestSchema),
      answers: { 200: jsonAnswer('RFC 6749 section 5.1.', 'Tokens', tokensSchema) },
    }),
  ],
});
