import { z } from 'zod';
import { http, type Handler } from './trigger/endpoint.ts';
import { grantedScope } from './trigger/oauth-endpoint.ts';
import { jsonAnswer, publicOperation } from './trigger/operation.ts';
import { json } from './trigger/responses.ts';

const metadataSchema = z.object({
  issuer: z.url(),
  device_authorization_endpoint: z.url(),
  token_endpoint: z.url(),
  revocation_endpoint: z.url(),
  grant_types_supported: z.array(z.string()),
  scopes_supported: z.array(z.string()),
  token_endpoint_auth_methods_supported: z.array(z.string()),
  revocation_endpoint_auth_methods_supported: z.array(z.string()),
  service_documentation: z.url(),
});

/**
 * RFC 8414: every OAuth endpoint is found from here. There is no authorization endpoint, so there are no
 * response types, and section 3.2 has lists without elements left out (erratum 7793 settles it).
 */
export const oauthMetadata: Handler = async ({ site }) => {
  const metadata: z.infer<typeof metadataSchema> = {
    issuer: site.publicOrigin,
    device_authorization_endpoint: `${site.publicOrigin}/oauth/device_authorization`,
    token_endpoint: `${site.publicOrigin}/oauth/token`,
    revocation_endpoint: `${site.publicOrigin}/oauth/revoke`,
    grant_types_supported: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
    scopes_supported: [grantedScope],
    token_endpoint_auth_methods_supported: ['none'],
    revocation_endpoint_auth_methods_supported: ['none'],
    service_documentation: `${site.publicOrigin}/`,
  };
  return json(200, metadata, { 'cache-control': 'public, max-age=3600' });
};

http('oauth-metadata', {
  methods: ['GET'],
  route: '.well-known/oauth-authorization-server',
  handler: oauthMetadata,
  operations: [
    publicOperation({
      id: 'readOAuthMetadata',
      tag: 'oauth',
      method: 'GET',
      path: '/.well-known/oauth-authorization-server',
      summary: 'Where the OAuth endpoints are (RFC 8414)',
      answers: { 200: jsonAnswer('RFC 8414 section 3.2.', 'OAuthMetadata', metadataSchema) },
    }),
  ],
});
