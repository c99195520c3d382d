import * as oauth4webapi from 'oauth4webapi';
import * as openidClient from 'openid-client';
import { Person } from '../../local/rehearsal/person.ts';
import { Runtime } from '../../local/rehearsal/runtime.ts';
import { minute, second } from '../../shared/clock.ts';
import { decideConnect } from '../support/connect-decision.ts';
import { oauthInProcess } from '../support/oauth-in-process.ts';
import { TestServices } from '../support/services.ts';

const clientId = 'drawbridge-gateway';

const wait = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

/** What the service lets a holder of the token do. */
const useOf = async (origin: string, accessToken: string) =>
  (await fetch(new URL('/api/shares', origin), { headers: { authorization: `Bearer ${accessToken}` } }))
    .status;

describe('clients of others, unmodified, against the one-machine runtime', () => {
  let runtime: Runtime;

  beforeAll(async () => {
    runtime = await Runtime.start();
  });

  afterAll(async () => {
    await runtime.stop();
  });

  describe('openid-client', () => {
    /** What the token endpoint answered while the library polled. */
    const answers: string[] = [];
    let config: openidClient.Configuration;

    beforeAll(async () => {
      config = await openidClient.discovery(
        new URL(runtime.origin),
        clientId,
        undefined,
        openidClient.None(),
        { algorithm: 'oauth2', execute: [openidClient.allowInsecureRequests] },
      );
      config[openidClient.customFetch] = async (url, options) => {
        const response = await fetch(url, options as RequestInit);
        if (url.endsWith('/oauth/token')) {
          const body = (await response.clone().json()) as { error?: string };
          answers.push(body.error ?? 'tokens');
        }
        return response;
      };
    });

    it('discovers the service (RFC 8414)', () => {
      const metadata = config.serverMetadata();
      expect(metadata.issuer).toBe(runtime.origin);
      expect(metadata.supportsPKCE()).toBe(false);
      expect(metadata.grant_types_supported).toContain('refresh_token');
    });

    it('polls through authorization_pending and slow_down to tokens, renews them, and revokes them', async () => {
      answers.length = 0;
      const grant = await openidClient.initiateDeviceAuthorization(config, {});
      const polling = openidClient.pollDeviceAuthorizationGrant(config, grant);
      await wait(3 * second);
      // Another poll in between, so that the library's own comes too early and is told to slow down.
      const early = await oauth4webapi
        .processDeviceCodeResponse(
          config.serverMetadata(),
          { client_id: clientId },
          await devicePoll(runtime.origin, grant.device_code),
        )
        .catch((error: unknown) => error);
      expect(early).toMatchObject({ error: 'authorization_pending' });
      await wait(3 * second);
      await decideConnect(
        new Person(runtime, 'olga@openid.example'),
        grant.verification_uri_complete ?? '',
        'approve',
        'openid',
      );
      const tokens = await polling;
      expect(answers).toEqual(['slow_down', 'tokens']);
      expect(tokens.token_type).toBe('bearer');
      expect(tokens.expiresIn()).toBeGreaterThan(6 * 24 * 3600);
      expect(await useOf(runtime.origin, tokens.access_token)).toBe(200);

      const renewed = await openidClient.refreshTokenGrant(config, tokens.refresh_token ?? '');
      expect(renewed.refresh_token).not.toBe(tokens.refresh_token);
      expect(await useOf(runtime.origin, renewed.access_token)).toBe(200);

      await openidClient.tokenRevocation(config, renewed.refresh_token ?? '');
      expect(await useOf(runtime.origin, renewed.access_token)).toBe(401);
      await expect(openidClient.refreshTokenGrant(config, renewed.refresh_token ?? '')).rejects.toMatchObject(
        { error: 'invalid_grant', status: 400 },
      );
      // RFC 7009 section 2.2: again is no error.
      await openidClient.tokenRevocation(config, renewed.refresh_token ?? '');
    });

    it('polls through authorization_pending to access_denied', async () => {
      answers.length = 0;
      const grant = await openidClient.initiateDeviceAuthorization(config, { gateway_name: 'unwanted' });
      const polling = openidClient
        .pollDeviceAuthorizationGrant(config, grant)
        .catch((error: unknown) => error);
      await wait(6 * second);
      await decideConnect(
        new Person(runtime, 'otto@openid.example'),
        grant.verification_uri_complete ?? '',
        'deny',
        'denied',
      );
      expect(await polling).toMatchObject({ error: 'access_denied', status: 400 });
      expect(answers).toEqual(['authorization_pending', 'access_denied']);
    });

    it('reads why a token request fails', async () => {
      await expect(openidClient.refreshTokenGrant(config, 'invented')).rejects.toMatchObject({
        error: 'invalid_grant',
        error_description: 'The refresh token is not valid.',
      });
      await expect(openidClient.clientCredentialsGrant(config)).rejects.toMatchObject({
        error: 'unsupported_grant_type',
      });
    });
  });

  describe('oauth4webapi', () => {
    const client: oauth4webapi.Client = { client_id: clientId };
    const insecure = { [oauth4webapi.allowInsecureRequests]: true };
    let server: oauth4webapi.AuthorizationServer;

    const start = async () =>
      oauth4webapi.processDeviceAuthorizationResponse(
        server,
        client,
        await oauth4webapi.deviceAuthorizationRequest(server, client, oauth4webapi.None(), {}, insecure),
      );
    const poll = async (deviceCode: string) =>
      oauth4webapi.processDeviceCodeResponse(
        server,
        client,
        await oauth4webapi.deviceCodeGrantRequest(server, client, oauth4webapi.None(), deviceCode, insecure),
      );
    const refresh = async (refreshToken: string) =>
      oauth4webapi.processRefreshTokenResponse(
        server,
        client,
        await oauth4webapi.refreshTokenGrantRequest(
          server,
          client,
          oauth4webapi.None(),
          refreshToken,
          insecure,
        ),
      );
    const revoke = async (token: string) =>
      oauth4webapi.processRevocationResponse(
        await oauth4webapi.revocationRequest(server, client, oauth4webapi.None(), token, insecure),
      );

    beforeAll(async () => {
      const issuer = new URL(runtime.origin);
      server = await oauth4webapi.processDiscoveryResponse(
        issuer,
        await oauth4webapi.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure }),
      );
    });

    it('discovers the service, and refuses another issuer (RFC 8414 section 3.3)', async () => {
      expect(server.issuer).toBe(runtime.origin);
      expect(server.device_authorization_endpoint).toBe(`${runtime.origin}/oauth/device_authorization`);
      const response = await oauth4webapi.discoveryRequest(new URL(runtime.origin), {
        algorithm: 'oauth2',
        ...insecure,
      });
      await expect(
        oauth4webapi.processDiscoveryResponse(new URL('https://other.example'), response),
      ).rejects.toThrow('issuer');
    });

    it('is told to wait, to slow down, gets tokens, renews and revokes them', async () => {
      const grant = await start();
      expect(grant).toMatchObject({ expires_in: 900, interval: 5 });
      await expect(poll(grant.device_code)).rejects.toMatchObject({ error: 'authorization_pending' });
      await expect(poll(grant.device_code)).rejects.toMatchObject({ error: 'slow_down' });
      await decideConnect(
        new Person(runtime, 'olga@webapi.example'),
        grant.verification_uri_complete ?? '',
        'approve',
        'webapi',
      );
      await wait(10 * second);
      const tokens = await poll(grant.device_code);
      expect(tokens).toMatchObject({ token_type: 'bearer', expires_in: 7 * 24 * 3600, scope: 'system' });
      expect(await useOf(runtime.origin, tokens.access_token)).toBe(200);
      const renewed = await refresh(tokens.refresh_token ?? '');
      expect(await useOf(runtime.origin, renewed.access_token)).toBe(200);
      await revoke(renewed.access_token);
      expect(await useOf(runtime.origin, renewed.access_token)).toBe(401);
      await expect(refresh(renewed.refresh_token ?? '')).rejects.toMatchObject({ error: 'invalid_grant' });
    });

    it('is told that the request was denied', async () => {
      const grant = await start();
      await decideConnect(
        new Person(runtime, 'otto@webapi.example'),
        grant.verification_uri_complete ?? '',
        'deny',
        'denied',
      );
      await expect(poll(grant.device_code)).rejects.toMatchObject({ error: 'access_denied', status: 400 });
    });

    it('is challenged when it claims to have a secret, or to be another client', async () => {
      const basic = oauth4webapi.ClientSecretBasic('secret');
      const response = await oauth4webapi.refreshTokenGrantRequest(server, client, basic, 'any', insecure);
      await expect(oauth4webapi.processRefreshTokenResponse(server, client, response)).rejects.toBeInstanceOf(
        oauth4webapi.WWWAuthenticateChallengeError,
      );
      const other = await oauth4webapi.deviceAuthorizationRequest(
        server,
        { client_id: 'other' },
        oauth4webapi.None(),
        {},
        insecure,
      );
      expect([other.status, await other.json()]).toEqual([
        401,
        expect.objectContaining({ error: 'invalid_client' }),
      ]);
    });
  });
});

function devicePoll(origin: string, deviceCode: string): Promise<Response> {
  return fetch(new URL('/oauth/token', origin), {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      client_id: clientId,
      device_code: deviceCode,
    }),
  });
}

describe('clients of others, unmodified, against the handlers while the clock moves', () => {
  let test: TestServices;

  beforeAll(async () => {
    test = await TestServices.compose();
  });

  afterAll(() => test.close());

  it('openid-client polls until expired_token', async () => {
    const ask = oauthInProcess(test.services);
    const config = new openidClient.Configuration(
      (await (
        await ask(`${test.services.site.publicOrigin}/.well-known/oauth-authorization-server`)
      ).json()) as openidClient.ServerMetadata,
      clientId,
      undefined,
      openidClient.None(),
    );
    openidClient.allowInsecureRequests(config);
    config[openidClient.customFetch] = (url, options) => ask(url, options as Parameters<typeof ask>[1]);
    const grant = await openidClient.initiateDeviceAuthorization(config, {});
    const polling = openidClient.pollDeviceAuthorizationGrant(config, grant);
    test.clock.moveOn(15 * minute);
    await expect(polling).rejects.toMatchObject({ error: 'expired_token', status: 400 });
  });

  it('oauth4webapi is told of a code that expired after its first poll', async () => {
    const ask = oauthInProcess(test.services);
    const options = {
      [oauth4webapi.allowInsecureRequests]: true,
      [oauth4webapi.customFetch]: (url: string, sent: Parameters<typeof ask>[1]) => ask(url, sent),
    };
    const issuer = new URL(test.services.site.publicOrigin);
    const client = { client_id: clientId };
    const server = await oauth4webapi.processDiscoveryResponse(
      issuer,
      await oauth4webapi.discoveryRequest(issuer, { algorithm: 'oauth2', ...options }),
    );
    const grant = await oauth4webapi.processDeviceAuthorizationResponse(
      server,
      client,
      await oauth4webapi.deviceAuthorizationRequest(server, client, oauth4webapi.None(), {}, options),
    );
    const poll = async () =>
      oauth4webapi.processDeviceCodeResponse(
        server,
        client,
        await oauth4webapi.deviceCodeGrantRequest(
          server,
          client,
          oauth4webapi.None(),
          grant.device_code,
          options,
        ),
      );
    await expect(poll()).rejects.toMatchObject({ error: 'authorization_pending' });
    test.clock.moveOn(15 * minute - second);
    await expect(poll()).rejects.toMatchObject({ error: 'authorization_pending' });
    test.clock.moveOn(second);
    await expect(poll()).rejects.toMatchObject({ error: 'expired_token', status: 400 });
  });
});
