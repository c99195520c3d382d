import { silentMetadata } from './oauth-parts.ts';
import { createHttpClient } from '../../../gateway/http-client.ts';
import { createOAuthClient, type OAuthClient } from '../../../gateway/oauth-client.ts';
import { discover, oauthMetadata } from '../../../gateway/oauth-metadata.ts';
import { metadataOf, ok, startServicePeer, tokensOf, type ServicePeer } from './service-peer.ts';
import { stillTime } from './still-time.ts';

const http = createHttpClient();
let peer: ServicePeer;
let oauth: OAuthClient;

beforeEach(async () => {
  peer = await startServicePeer();
  oauth = createOAuthClient(silentMetadata(peer.origin), http);
});
afterEach(() => peer.close());

const wellKnown = 'GET /.well-known/oauth-authorization-server';
const oauthError = (error: string, more: Record<string, string> = {}) => ({
  status: 400,
  json: { error, ...more },
});

describe('finding the service (RFC 8414)', () => {
  it('takes the endpoints from the metadata, wherever they are', async () => {
    peer.on(wellKnown, ok({ ...metadataOf(peer.origin), token_endpoint: 'https://tokens.example/t' }));
    const found = await discover(new URL(peer.origin), http);
    expect(found.token_endpoint.href).toBe('https://tokens.example/t');
  });

  it.each<[string, (origin: string) => { status: number; json?: unknown }, string, RegExp]>([
    ['nothing is there', () => ({ status: 404 }), 'protocol', /not a Drawbridge service/],
    ['a web page answers', () => ok('<html>'), 'protocol', /not usable/],
    [
      'the issuer is another one (section 3.3)',
      (origin) => ok({ ...metadataOf(origin), issuer: 'https://evil.example' }),
      'protocol',
      /says that it is https:\/\/evil.example/,
    ],
    [
      'the issuer differs by a slash',
      (origin) => ok({ ...metadataOf(origin), issuer: `${origin}/` }),
      'protocol',
      /says that it is/,
    ],
    [
      'an endpoint is missing',
      (origin) => ok({ ...metadataOf(origin), token_endpoint: undefined }),
      'protocol',
      /token_endpoint/,
    ],
    [
      'an endpoint is not https',
      (origin) => ok({ ...metadataOf(origin), token_endpoint: 'http://tokens.example/' }),
      'protocol',
      /token_endpoint: http is allowed only/,
    ],
    ['the service is ill', () => ({ status: 503 }), 'unreachable', /503/],
  ])('refuses to go on when %s', async (_, answer, code, message) => {
    peer.on(wellKnown, answer(peer.origin));
    await expect(discover(new URL(peer.origin), http)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
  });

  it('asks again after ten minutes, and when the clock was set back', async () => {
    const { clock, pass } = stillTime();
    const metadata = oauthMetadata(new URL(peer.origin), http, clock);
    const asked = () => peer.requests.length;
    await metadata();
    pass(9 * 60_000);
    await metadata();
    expect(asked()).toBe(1);
    pass(60_000);
    await metadata();
    expect(asked()).toBe(2);
    pass(-86_400_000);
    await metadata();
    expect(asked()).toBe(3);
  });

  it('does not keep a failure', async () => {
    peer.on(wellKnown, { status: 503 });
    const metadata = oauthMetadata(new URL(peer.origin), http, stillTime().clock);
    await expect(metadata()).rejects.toMatchObject({ code: 'unreachable' });
    peer.on(wellKnown, ok(metadataOf(peer.origin)));
    await expect(metadata()).resolves.toMatchObject({ issuer: peer.origin });
  });
});

describe('asking for a device code (RFC 8628 section 3.1)', () => {
  const grant = {
    device_code: 'device-1',
    user_code: 'ABCD-EFGH',
    verification_uri: 'https://bridge.example/connect',
    expires_in: 600,
  };

  it('says who asks, and takes five seconds as the interval when none is given', async () => {
    peer.on('POST /oauth/device', ok(grant));
    const given = await oauth.startDeviceGrant({ name: 'hill-7', application: 'drawbridge-gateway 1' });
    expect(given).toEqual({ kind: 'granted', grant: { ...grant, interval: 5 } });
    expect(peer.requests.at(-1)?.form).toEqual({
      client_id: 'drawbridge-gateway',
      gateway_name: 'hill-7',
      application: 'drawbridge-gateway 1',
    });
  });

  it('proves which gateway asks again by the last refresh token it held', async () => {
    peer.on('POST /oauth/device', ok(grant));
    await oauth.startDeviceGrant({ name: 'hill-7', application: 'a', refreshToken: 'refresh-9' });
    expect(peer.requests.at(-1)?.form.refresh_token).toBe('refresh-9');
  });

  it.each([
    ['system_deleted', 'system_deleted'],
    ['gateway_removed', 'gateway_removed'],
    ['unheard_of', 'revoked'],
  ])('hears that it was ended for good (%s), in words fit for a terminal', async (code, reason) => {
    peer.on(
      'POST /oauth/device',
      oauthError('invalid_grant', {
        error_code: code,
        error_description: `by olga\u001b[2J${'.'.repeat(400)}`,
      }),
    );
    const refused = await oauth.startDeviceGrant({ name: 'n', application: 'a', refreshToken: 'refresh-9' });
    expect(refused).toMatchObject({ kind: 'refused', reason });
    expect(refused).toHaveProperty('words', expect.stringMatching(/^[\x20-\x7e]{300}$/));
  });

  it('repeats the words of a refusal', async () => {
    peer.on(
      'POST /oauth/device',
      oauthError('invalid_request', { error_description: 'gateway_name is too long' }),
    );
    await expect(oauth.startDeviceGrant({ name: 'n', application: 'a' })).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('gateway_name is too long') as string,
    });
  });
});

describe('polling (RFC 8628 sections 3.4 and 3.5)', () => {
  it('brings the tokens when it is approved', async () => {
    peer.on('POST /oauth/token', ok({ ...tokensOf(1), token_type: 'bearer', more: 'ignored' }));
    expect(await oauth.pollDeviceGrant('device-1')).toEqual({
      kind: 'approved',
      tokens: { ...tokensOf(1), token_type: 'bearer' },
    });
    expect(peer.requests.at(-1)?.form).toEqual({
      client_id: 'drawbridge-gateway',
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code: 'device-1',
    });
  });

  it.each(['authorization_pending', 'slow_down', 'access_denied', 'expired_token'])(
    'understands %s',
    async (error) => {
      peer.on('POST /oauth/token', oauthError(error));
      expect(await oauth.pollDeviceGrant('device-1')).toEqual({ kind: error });
    },
  );

  it('takes a code that the service does not know as over', async () => {
    peer.on('POST /oauth/token', oauthError('invalid_grant'));
    expect(await oauth.pollDeviceGrant('device-1')).toEqual({ kind: 'expired_token' });
  });

  it.each<[string, { status: number; json?: unknown; cut?: boolean }, string]>([
    ['a server error', { status: 500 }, 'unreachable'],
    ['too many requests', { status: 429 }, 'unreachable'],
    ['a cut connection', { status: 200, cut: true }, 'unreachable'],
    ['another refusal', oauthError('invalid_client'), 'refused'],
    ['a page of a captive portal', { status: 302 }, 'refused'],
    ['tokens that are none', ok({ access_token: '' }), 'protocol'],
    ['tokens of another type', ok({ ...tokensOf(1), token_type: 'mac' }), 'protocol'],
  ])('tells apart %s', async (_, answer, code) => {
    peer.on('POST /oauth/token', answer);
    await expect(oauth.pollDeviceGrant('device-1')).rejects.toMatchObject({ code });
  });
});

describe('renewing (RFC 6749 section 6)', () => {
  const attempt = { nonce: 'nonce-1', earlier: [] };

  it('sends the key in the body, never in the address', async () => {
    peer.on('POST /oauth/token', ok(tokensOf(2)));
    expect(await oauth.refresh('refresh-1', attempt)).toMatchObject({
      kind: 'renewed',
      tokens: { refresh_token: 'refresh-2' },
    });
    const request = peer.requests.at(-1);
    expect(request?.form).toMatchObject({ grant_type: 'refresh_token', refresh_token: 'refresh-1' });
    expect(request?.query.size).toBe(0);
  });

  it('accepts an answer that leaves out what did not change', async () => {
    peer.on('POST /oauth/token', ok({ access_token: 'access-2', token_type: 'Bearer', expires_in: 60 }));
    expect(await oauth.refresh('refresh-1', attempt)).toEqual({
      kind: 'renewed',
      tokens: { access_token: 'access-2', token_type: 'Bearer', expires_in: 60 },
    });
  });

  it.each([
    ['expired', 'expired'],
    ['reused', 'reused'],
    ['revoked', 'revoked'],
    ['system_deleted', 'system_deleted'],
    ['of_a_later_version', 'revoked'],
    [undefined, 'revoked'],
  ])('takes invalid_grant with error_code %s as %s', async (code, reason) => {
    peer.on('POST /oauth/token', oauthError('invalid_grant', code === undefined ? {} : { error_code: code }));
    expect(await oauth.refresh('refresh-1', attempt)).toEqual({ kind: 'refused', reason });
  });

  it.each(['invalid_request', 'invalid_client', 'unsupported_grant_type', 'temporarily_unavailable'])(
    'does not give up its key because of %s',
    async (error) => {
      peer.on('POST /oauth/token', oauthError(error));
      await expect(oauth.refresh('refresh-1', attempt)).rejects.toMatchObject({ code: 'refused' });
    },
  );

  it('says nothing of a key in an error', async () => {
    peer.on('POST /oauth/token', { status: 500 });
    await expect(oauth.refresh('refresh-secret', attempt)).rejects.toMatchObject({
      message: expect.not.stringContaining('secret') as string,
    });
  });
});

it('revokes a token (RFC 7009), known or not', async () => {
  peer.on('POST /oauth/revoke', { status: 200 });
  await oauth.revoke('refresh-1');
  expect(peer.requests.at(-1)?.form).toEqual({ client_id: 'drawbridge-gateway', token: 'refresh-1' });
});
