import { http, type Handler } from './trigger/endpoint.ts';
import { grantedScope } from './trigger/oauth-endpoint.ts';
import { json } from './trigger/responses.ts';

/**
 * RFC 8414: every OAuth endpoint is found from here. There is no authorization endpoint, so there are no
 * response types, and section 3.2 has lists without elements left out (erratum 7793 settles it).
 */
export const oauthMetadata: Handler = async ({ site }) =>
  json(
    200,
    {
      issuer: site.publicOrigin,
      device_authorization_endpoint: `${site.publicOrigin}/oauth/device_authorization`,
      token_endpoint: `${site.publicOrigin}/oauth/token`,
      revocation_endpoint: `${site.publicOrigin}/oauth/revoke`,
      grant_types_supported: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
      scopes_supported: [grantedScope],
      token_endpoint_auth_methods_supported: ['none'],
      revocation_endpoint_auth_methods_supported: ['none'],
      service_documentation: `${site.publicOrigin}/`,
    },
    { 'cache-control': 'public, max-age=3600' },
  );

http('oauth-metadata', {
  methods: ['GET'],
  route: '.well-known/oauth-authorization-server',
  handler: oauthMetadata,
});
