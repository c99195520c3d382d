import { http, type Handler } from './trigger/endpoint.ts';
import { json } from './trigger/responses.ts';

/** RFC 8414: every OAuth endpoint is found from here. */
export const oauthMetadata: Handler = async ({ site }) =>
  json(
    200,
    {
      issuer: site.publicOrigin,
      device_authorization_endpoint: `${site.publicOrigin}/oauth/device_authorization`,
      token_endpoint: `${site.publicOrigin}/oauth/token`,
      revocation_endpoint: `${site.publicOrigin}/oauth/revoke`,
      grant_types_supported: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
      response_types_supported: [],
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
