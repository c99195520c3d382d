import { z } from 'zod';
import { minute } from '../shared/clock.ts';
import { sourceOf } from './trigger/browser.ts';
import { http } from './trigger/endpoint.ts';
import {
  clientSchema,
  oauthEndpoint,
  oauthErrors,
  oauthJson,
  readOAuthForm,
} from './trigger/oauth-endpoint.ts';
import { formBody, jsonAnswer, oauthOperation } from './trigger/operation.ts';
import { parseFields } from './trigger/request-body.ts';

const fieldsSchema = z.object({
  gateway_name: z.string().trim().max(100).optional(),
  application: z.string().trim().max(100).optional(),
  refresh_token: z
    .string()
    .max(1000)
    .optional()
    .describe('The last one held, valid or not, of a gateway that asks to be approved again.'),
});

const deviceAuthorizationSchema = z.object({
  device_code: z.string(),
  user_code: z.string(),
  verification_uri: z.url(),
  verification_uri_complete: z.url(),
  expires_in: z.int().describe('Seconds.'),
  interval: z.int().describe('Seconds between two polls.'),
});

/**
 * RFC 8628 section 3.1: a gateway asks to be approved. With the optional `refresh_token`, the last one it holds, valid
 * or not, it asks to be approved again as the gateway that it is.
 */
export const deviceAuthorization = oauthEndpoint(async (services, request) => {
  const { deviceGrants, reapproval, throttle, site } = services;
  const fields = parseFields(fieldsSchema, await readOAuthForm(request));
  const source = sourceOf(request);
  await throttle.take(`device authorization ${source}`, { count: 300, window: 10 * minute });
  const from = {
    gatewayName: fields.gateway_name || 'unnamed gateway',
    application: fields.application,
    source,
  };
  const presented = fields.refresh_token;
  const again = presented === undefined ? undefined : await reapproval.request({ ...from, presented });
  const grant = again ?? (await deviceGrants.request(from));
  const verification = `${site.publicOrigin}/connect`;
  const answer: z.infer<typeof deviceAuthorizationSchema> = {
    device_code: grant.deviceCode,
    user_code: grant.userCode,
    verification_uri: verification,
    verification_uri_complete: `${verification}?user_code=${grant.userCode}`,
    expires_in: grant.expiresIn,
    interval: grant.interval,
  };
  return oauthJson(answer);
});

http('device-authorization', {
  methods: ['POST'],
  route: 'oauth/device_authorization',
  handler: deviceAuthorization,
  errors: oauthErrors,
  operations: [
    oauthOperation({
      id: 'authorizeDevice',
      method: 'POST',
      path: '/oauth/device_authorization',
      summary: 'A gateway asks to be approved (RFC 8628 section 3.1)',
      body: formBody('DeviceAuthorizationRequest', clientSchema.extend(fieldsSchema.shape)),
      answers: {
        200: jsonAnswer('RFC 8628 section 3.2.', 'DeviceAuthorization', deviceAuthorizationSchema),
      },
      errors: [429],
    }),
  ],
});
