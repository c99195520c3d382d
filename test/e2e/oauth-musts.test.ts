import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HttpRequest, InvocationContext } from '@azure/functions';
import fc from 'fast-check';
import { oauthMetadata } from '../../functions/oauth-metadata.ts';
import { oauthEndpoint, oauthErrors } from '../../functions/trigger/oauth-endpoint.ts';
import { Person, send, type Answer } from '../../local/rehearsal/person.ts';
import { Runtime } from '../../local/rehearsal/runtime.ts';
import { day, minute, second } from '../../shared/clock.ts';
import { OAuthError } from '../../shared/oauth/oauth-error.ts';
import { Problem } from '../../shared/problem.ts';
import { decideConnect, namesOf } from '../support/connect-decision.ts';
import { oauthInProcess } from '../support/oauth-in-process.ts';
import { TestServices } from '../support/services.ts';

const client = { client_id: 'drawbridge-gateway' };
const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';
const endpoints = ['/oauth/device_authorization', '/oauth/token', '/oauth/revoke'];
const formType = { 'content-type': 'application/x-www-form-urlencoded' };

type Fields = Record<string, string> | [name: string, value: string][];
interface Grant {
  readonly device_code: string;
  readonly user_code: string;
  readonly verification_uri: string;
  readonly verification_uri_complete: string;
  readonly expires_in: number;
  readonly interval: number;
}
interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
}

const body = (answer: Answer) => JSON.parse(answer.text) as Record<string, unknown>;
/** Status and error code of an answer. */
const refusal = (answer: Answer) => [answer.status, body(answer)['error']];

/** What RFC 6749 section 5.2 says of every error, and section 5.1 of caches. */
function expectOAuthError(answer: Answer): void {
  expect(answer.headers['content-type']).toBe('application/json');
  expect(answer.headers['cache-control']).toBe('no-store');
  expect(answer.headers.pragma).toBe('no-cache');
  const { error, error_description: description } = body(answer);
  expect(error).toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/);
  expect(description).toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/);
}

let runtime: Runtime;
let organizations = 0;

const post = (path: string, fields: Fields, headers: Record<string, string> = {}): Promise<Answer> =>
  send(new URL(path, runtime.origin).href, {
    method: 'POST',
    headers: { ...formType, ...headers },
    body: new URLSearchParams(fields).toString(),
  });
const start = async (fields: Record<string, string> = {}) =>
  JSON.parse((await post('/oauth/device_authorization', { ...client, ...fields })).text) as Grant;
const poll = (deviceCode: string) =>
  post('/oauth/token', { ...client, grant_type: deviceGrant, device_code: deviceCode });
const refresh = (key: string, fields: Record<string, string> = {}) =>
  post('/oauth/token', { ...client, grant_type: 'refresh_token', refresh_token: key, ...fields });
const revoke = (token: string, fields: Record<string, string> = {}) =>
  post('/oauth/revoke', { ...client, token, ...fields });
const use = (token: string) =>
  send(`${runtime.origin}/api/shares`, { headers: { authorization: `Bearer ${token}` } });

async function decided(decision: 'approve' | 'deny', fields: Record<string, string> = {}): Promise<Grant> {
  const grant = await start(fields);
  const name = `org${++organizations}`;
  await decideConnect(
    new Person(runtime, `olga@${name}.example`),
    grant.verification_uri_complete,
    decision,
    name,
  );
  return grant;
}

async function connected(fields: Record<string, string> = {}) {
  const grant = await decided('approve', fields);
  const answer = await poll(grant.device_code);
  return { ...(JSON.parse(answer.text) as Tokens), answer, grant };
}

beforeAll(async () => {
  runtime = await Runtime.start();
});
afterAll(async () => {
  await runtime.stop();
});

describe('RFC 6749, the authorization framework', () => {
  it.each(endpoints)('3.2: %s takes POST only', async (path) => {
    for (const method of ['GET', 'PUT', 'DELETE']) {
      expect((await send(`${runtime.origin}${path}?client_id=drawbridge-gateway`, { method })).status).toBe(
        404,
      );
    }
  });

  it('3.2: with an https origin, every endpoint that is announced is https, without a fragment', async () => {
    const test = await TestServices.compose();
    const services = {
      ...test.services,
      site: { ...test.services.site, publicOrigin: 'https://drawbridge.example' },
    };
    const request = new HttpRequest({ url: 'https://drawbridge.example/', method: 'GET' });
    const { body: text } = await oauthMetadata(services, request, new InvocationContext());
    const metadata = JSON.parse(typeof text === 'string' ? text : '') as Record<string, unknown>;
    const addresses = Object.entries(metadata).filter(([name]) => /endpoint$|^issuer$/.test(name));
    expect(addresses.length).toBe(4);
    for (const [, address] of addresses) {
      expect(address).toMatch(/^https:\/\/drawbridge\.example(\/[\w/]+)?$/);
    }
    await test.close();
  });

  it.each([
    ['client_id', '/oauth/device_authorization', { client_id: '' }],
    ['grant_type', '/oauth/token', { ...client, grant_type: '' }],
    ['device_code', '/oauth/token', { ...client, grant_type: deviceGrant, device_code: '' }],
    ['refresh_token', '/oauth/token', { ...client, grant_type: 'refresh_token', refresh_token: '' }],
    ['token', '/oauth/revoke', { ...client, token: '' }],
  ])(
    '3.2, 5.2: %s without a value counts as omitted, which is invalid_request',
    async (name, path, fields) => {
      const answers = [await post(path, fields)];
      answers.push(
        await post(
          path,
          Object.entries(fields).filter(([, value]) => value !== ''),
        ),
      );
      for (const answer of answers) {
        expect(refusal(answer)).toEqual([400, 'invalid_request']);
        expect(body(answer)['error_description']).toBe(`${name} is missing.`);
      }
    },
  );

  it('3.2: an optional parameter without a value counts as omitted', async () => {
    const answer = await post('/oauth/device_authorization', {
      ...client,
      client_secret: '',
      gateway_name: '',
      scope: '',
    });
    expect(answer.status).toBe(200);
  });

  it.each(endpoints)('3.2: %s ignores parameters it does not know, also repeated ones', async (path) => {
    const fields: Fields = [
      ['client_id', 'drawbridge-gateway'],
      ['resource', 'https://one.example'],
      ['resource', 'https://two.example'],
      ['__proto__', 'x'],
      ['token', 'unknown'],
      ['grant_type', 'refresh_token'],
      ['refresh_token', 'unknown'],
    ];
    const expected = path === '/oauth/token' ? [400, 'invalid_grant'] : [200, undefined];
    expect(refusal(await post(path, fields))).toEqual(expected);
  });

  it.each([
    ['/oauth/device_authorization', 'client_id'],
    ['/oauth/device_authorization', 'scope'],
    ['/oauth/device_authorization', 'gateway_name'],
    ['/oauth/token', 'client_id'],
    ['/oauth/token', 'grant_type'],
    ['/oauth/token', 'device_code'],
    ['/oauth/token', 'refresh_token'],
    ['/oauth/revoke', 'client_id'],
    ['/oauth/revoke', 'token'],
    ['/oauth/revoke', 'token_type_hint'],
  ])('3.2, 5.2: %s refuses %s given twice, even without a value', async (path, name) => {
    for (const values of [
      ['a', 'b'],
      ['a', ''],
    ]) {
      const fields: Fields = [...values.map((value): [string, string] => [name, value])];
      if (name !== 'client_id') fields.push(['client_id', 'drawbridge-gateway']);
      const answer = await post(path, fields);
      expect(refusal(answer)).toEqual([400, 'invalid_request']);
      expectOAuthError(answer);
    }
  });

  it('2.3.1: credentials in the address are not read', async () => {
    const { refresh_token: key } = await connected();
    const query = new URLSearchParams({ ...client, grant_type: 'refresh_token', refresh_token: key });
    expect(refusal(await post(`/oauth/token?${query.toString()}`, {}))).toEqual([400, 'invalid_request']);
    expect((await refresh(key)).status).toBe(200);
  });

  it.each(endpoints)('4, 5.2: %s wants a form, in UTF-8 (appendix B)', async (path) => {
    const address = `${runtime.origin}${path}`;
    const json = await send(address, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(client),
    });
    expect(refusal(json)).toEqual([415, 'invalid_request']);
    expectOAuthError(json);
    const bytes = Buffer.concat([
      Buffer.from('client_id=drawbridge-gateway&token='),
      Buffer.from([0xc3, 0x28]),
    ]);
    const latin = await send(address, { method: 'POST', headers: formType, body: bytes });
    expect(refusal(latin)).toEqual([400, 'invalid_request']);
    expectOAuthError(latin);
    const charset = await send(address, {
      method: 'POST',
      headers: { 'content-type': 'Application/X-WWW-Form-URLencoded;charset=UTF-8' },
      body: 'client_id=drawbridge-gateway&token=a&grant_type=refresh_token&refresh_token=a',
    });
    expect(charset.status).toBe(path === '/oauth/token' ? 400 : 200);
  });

  it('3.3: a scope other than the one asked for is named in the answer, at first and on renewal', async () => {
    const { answer, refresh_token: key } = await connected({ scope: 'admin offline_access' });
    expect(body(answer)['scope']).toBe('system');
    // Section 6: the new key has the scope of the old one, whatever is asked for.
    const renewed = await refresh(key, { scope: 'admin' });
    expect(body(renewed)['scope']).toBe('system');
  });

  it('5.1: tokens come with 200 as JSON with the members in their types, and no cache keeps them', async () => {
    const { answer, refresh_token: key } = await connected();
    for (const each of [answer, await refresh(key)]) {
      expect(each.status).toBe(200);
      expect(each.headers['content-type']).toBe('application/json');
      expect(each.headers['cache-control']).toBe('no-store');
      expect(each.headers.pragma).toBe('no-cache');
      expect(body(each)).toMatchObject({
        access_token: expect.any(String) as string,
        token_type: 'Bearer',
        expires_in: 7 * 24 * 3600,
        refresh_token: expect.any(String) as string,
      });
    }
  });

  it.each([
    ['a grant type that is unknown', 'unsupported_grant_type', { grant_type: 'password' }],
    ['a grant type in other case', 'unsupported_grant_type', { grant_type: 'Refresh_Token' }],
    ['a grant type out of ASCII', 'unsupported_grant_type', { grant_type: 'é"\\\n\u2028' }],
    [
      'a device code that was never issued',
      'invalid_grant',
      { grant_type: deviceGrant, device_code: 'é"\\' },
    ],
    ['a key that was never issued', 'invalid_grant', { grant_type: 'refresh_token', refresh_token: 'é"\\' }],
  ])('5.2: %s is answered with 400 and %s, in the set of characters allowed', async (_, error, fields) => {
    const answer = await post('/oauth/token', { ...client, ...fields });
    expect(refusal(answer)).toEqual([400, error]);
    expectOAuthError(answer);
  });

  it('5.2: a description is brought into the set of characters allowed, whoever wrote it', async () => {
    const test = await TestServices.compose();
    const refusing = oauthEndpoint(async () => {
      throw new OAuthError('invalid_grant', 'caf\u00e9 "x" \\ \n');
    });
    const request = new HttpRequest({ url: 'http://localhost/oauth/token', method: 'POST' });
    const own = await refusing(test.services, request, new InvocationContext());
    const problem = oauthErrors(new Problem('invalid-request', 'caf\u00e9 "x" \\ \n'), 'id');
    for (const { body: text } of [own, problem]) {
      const { error_description: description } = JSON.parse(typeof text === 'string' ? text : '') as {
        error_description: string;
      };
      expect(description).toBe("caf' 'x' ' '");
    }
    await test.close();
  });

  it('5.2: errors about parameters of our own keep to the form', async () => {
    const answer = await post('/oauth/device_authorization', { ...client, gateway_name: 'é"'.repeat(60) });
    expect(refusal(answer)).toEqual([400, 'invalid_request']);
    expectOAuthError(answer);
  });

  it.each(endpoints)(
    '5.2: %s answers an unknown client with 401, invalid_client and a challenge',
    async (path) => {
      const answer = await post(path, { client_id: 'other' });
      expect(refusal(answer)).toEqual([401, 'invalid_client']);
      expect(answer.headers['www-authenticate']).toBe('Basic realm="drawbridge"');
      expectOAuthError(answer);
    },
  );

  it.each([
    ['Basic', `Basic ${Buffer.from('drawbridge-gateway:secret').toString('base64')}`],
    ['Basic', `Basic ${Buffer.from('drawbridge-gateway:').toString('base64')}`],
    ['Bearer', 'Bearer abc'],
    ['Negotiate', 'Negotiate YIIabc'],
    ['Basic', '"; nonsense'],
  ])(
    '5.2: who authenticates by the Authorization field gets 401 and a %s challenge',
    async (scheme, field) => {
      for (const path of endpoints) {
        const answer = await post(path, client, { authorization: field });
        expect(refusal(answer)).toEqual([401, 'invalid_client']);
        expect(answer.headers['www-authenticate']).toBe(`${scheme} realm="drawbridge"`);
        expectOAuthError(answer);
      }
    },
  );

  it('6: a secret that is included is checked, and a key serves only the client that it was issued to', async () => {
    const { refresh_token: key } = await connected();
    for (const fields of [{ client_secret: 'any' }, { client_assertion: 'any' }, { client_id: 'other' }]) {
      expect(refusal(await refresh(key, fields as Record<string, string>))).toEqual([401, 'invalid_client']);
    }
    const renewed = await refresh(key);
    expect(renewed.status).toBe(200);
    expect(body(renewed)['refresh_token']).not.toBe(key);
  });

  it('6: an expired, revoked or spent key is invalid_grant', async () => {
    const { access_token: token, refresh_token: key } = await connected();
    const next = JSON.parse((await refresh(key)).text) as Tokens;
    expect((await use(next.access_token)).status).toBe(200);
    const spent = await refresh(key);
    expect(refusal(spent)).toEqual([400, 'invalid_grant']);
    expectOAuthError(spent);
    const revoked = await refresh(next.refresh_token);
    expect(refusal(revoked)).toEqual([400, 'invalid_grant']);
    expect((await use(token)).status).toBe(401);

    const test = await TestServices.compose();
    const { credentials } = await test.connect(await test.account('olga@plant.example'));
    test.clock.moveOn(31 * day);
    const expired = await oauthInProcess(test.services)('http://localhost/oauth/token', {
      method: 'POST',
      headers: formType,
      body: new URLSearchParams({
        ...client,
        grant_type: 'refresh_token',
        refresh_token: credentials.refreshKey,
      }),
    });
    expect([expired.status, await expired.json()]).toEqual([
      400,
      expect.objectContaining({ error: 'invalid_grant', error_code: 'expired' }),
    ]);
    // Section 7: the resource server checks that the access token has not expired.
    expect(await test.services.credentials.authenticate(credentials.accessToken)).toBeUndefined();
    await test.close();
  });

  it('10.3, 10.4: no token or key that was altered in any place is accepted, and the true one stays good', async () => {
    const test = await TestServices.compose();
    const { credentials } = await test.connect(await test.account('olga@plant.example'));
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const altered = (text: string) =>
      fc
        .tuple(fc.nat(text.length - 1), fc.constantFrom(...alphabet, '.'))
        .map(([at, letter]) => text.slice(0, at) + letter + text.slice(at + 1))
        // The last letter of base64url may hold bits that say nothing.
        .filter((other) => other !== text && other.slice(0, -1) !== text.slice(0, -1));
    await fc.assert(
      fc.asyncProperty(
        altered(credentials.accessToken),
        altered(credentials.refreshKey),
        async (token, key) => {
          expect(await test.services.credentials.authenticate(token)).toBeUndefined();
          await expect(test.services.credentials.renew(key)).rejects.toMatchObject({ code: 'invalid_grant' });
        },
      ),
      { numRuns: 200 },
    );
    expect(await test.services.credentials.authenticate(credentials.accessToken)).toBeDefined();
    await expect(test.services.credentials.renew(credentials.refreshKey)).resolves.toBeDefined();
    await test.close();
  });

  it('10.3, 10.4: neither files nor logs of the service hold a token, a key or a device code', async () => {
    const { access_token: token, refresh_token: key, grant } = await connected();
    const files = (await readdir(runtime.dataDir, { recursive: true, withFileTypes: true })).filter((each) =>
      each.isFile(),
    );
    const kept = await Promise.all(files.map((each) => readFile(join(each.parentPath, each.name), 'latin1')));
    expect(files.some((each) => each.name.includes('documents.sqlite'))).toBe(
      process.env.COSMOS_ENDPOINT === undefined,
    );
    for (const secret of [token, key, grant.device_code.split('.')[1] ?? '', grant.user_code]) {
      expect(secret.length).toBeGreaterThan(8);
      expect([...kept, runtime.output].some((text) => text.includes(secret))).toBe(false);
    }
  });

  it('10.10: what only programs handle carries at least 160 random bits', async () => {
    const { refresh_token: key, access_token: token, grant } = await connected();
    const other = await connected();
    // 43 letters of base64url are 256 bits: the secret of a device code, the MACs of key and token.
    for (const [one, two] of [
      [grant.device_code, other.grant.device_code],
      [key, other.refresh_token],
      [token, other.access_token],
    ] as const) {
      const secrets = [one, two].map((text) => text.split('.').at(-1) ?? '');
      expect(secrets[0]).toMatch(/^[\w-]{43}$/);
      expect(secrets[0]).not.toBe(secrets[1]);
    }
  });

  it('10.12, 10.13: the page where a person decides refuses forged forms and frames', async () => {
    const grant = await start();
    const person = new Person(runtime, 'olga@forged.example');
    await person.signIn();
    const page = await person.open(grant.verification_uri_complete);
    expect(page.headers['content-security-policy']).toContain("frame-ancestors 'none'");
    const fields = {
      userCode: grant.user_code,
      organization: 'new',
      ...namesOf('forged'),
      terms: 'accepted',
      decision: 'approve',
    };
    for (const origin of ['https://evil.example', runtime.origin]) {
      const forged = await person.send('/connect/decide', {
        method: 'POST',
        headers: { ...formType, origin },
        body: new URLSearchParams(fields).toString(),
      });
      expect(forged.status).toBe(403);
    }
    // Opening the link is no consent either.
    expect(refusal(await poll(grant.device_code))).toEqual([400, 'authorization_pending']);
  });

  it('10.14: what a client says of itself is shown as text', async () => {
    const grant = await start({ gateway_name: '<img src=x onerror=alert(1)>', application: '"><script>' });
    const person = new Person(runtime, 'olga@markup.example');
    await person.signIn();
    const { text } = await person.open(grant.verification_uri_complete);
    expect(text).toContain('&lt;img src=x');
    expect(text).not.toMatch(/<img src=x|"><script>/);
  });
});

describe('RFC 8628, the device authorization grant', () => {
  it('3.2: the answer has the members in their types, with 200, as JSON, and no cache keeps it', async () => {
    const answer = await post('/oauth/device_authorization', client);
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(answer.headers['cache-control']).toBe('no-store');
    const grant = JSON.parse(answer.text) as Grant;
    expect(grant.device_code).toMatch(/^[\w.-]+$/);
    expect(grant.expires_in).toBe(900);
    expect(grant.interval).toBe(5);
    expect(grant.verification_uri).toBe(`${runtime.origin}/connect`);
    expect(grant.verification_uri_complete).toBe(`${grant.verification_uri}?user_code=${grant.user_code}`);
  });

  it('3.3, 5.4: the person sees which gateway asks, from where, and the code to compare', async () => {
    const grant = await start({ gateway_name: 'Rack 7', application: 'Hilltop' });
    const person = new Person(runtime, 'olga@rack.example');
    const stranger = await person.open(grant.verification_uri_complete);
    expect(stranger.text).not.toContain('Rack 7');
    const { text } = await person.finishSignIn(stranger);
    for (const shown of ['Rack 7', 'Hilltop', '127.0.0.1', grant.user_code]) expect(text).toContain(shown);
  });

  it('3.4: only the exact grant type with a device code of this server gives tokens', async () => {
    const grant = await decided('approve');
    expect(refusal(await post('/oauth/token', { ...client, grant_type: deviceGrant }))).toEqual([
      400,
      'invalid_request',
    ]);
    expect(
      refusal(
        await post('/oauth/token', {
          ...client,
          grant_type: 'device_code',
          device_code: grant.device_code,
        }),
      ),
    ).toEqual([400, 'unsupported_grant_type']);
    expect(
      refusal(await post('/oauth/token', { grant_type: deviceGrant, device_code: grant.device_code })),
    ).toEqual([400, 'invalid_request']);
    for (const altered of [grant.device_code.slice(0, -1), `${grant.device_code}.x`, grant.user_code]) {
      expect(refusal(await poll(altered))).toEqual([400, 'invalid_grant']);
    }
    expect((await poll(grant.device_code)).status).toBe(200);
  });

  it('3.4: a device code whose tokens are in use gives no more', async () => {
    const test = await TestServices.compose();
    const { credentials, deviceCode } = await test.connect(await test.account('olga@plant.example'));
    await test.services.credentials.authenticate(credentials.accessToken);
    test.clock.moveOn(6 * second);
    await expect(test.services.deviceGrants.poll(deviceCode)).rejects.toMatchObject({
      code: 'invalid_grant',
    });
    await test.close();
  });

  it('3.5: slow_down adds five seconds to this and all later waits', async () => {
    const test = await TestServices.compose();
    const ask = oauthInProcess(test.services);
    const send = async (path: string, fields: Record<string, string>) => {
      const response = await ask(`http://localhost${path}`, {
        method: 'POST',
        headers: formType,
        body: new URLSearchParams({ ...client, ...fields }),
      });
      return (await response.json()) as Record<string, string>;
    };
    const grant = await send('/oauth/device_authorization', {});
    const pollAfter = async (seconds: number) => {
      test.clock.moveOn(seconds * second);
      const fields = { grant_type: deviceGrant, device_code: grant['device_code'] ?? '' };
      return (await send('/oauth/token', fields))['error'];
    };
    const seen: [number, string | undefined][] = [];
    for (const seconds of [0, 5, 4, 10, 9, 15, 15, 14, 20]) seen.push([seconds, await pollAfter(seconds)]);
    expect(seen).toEqual([
      [0, 'authorization_pending'],
      [5, 'authorization_pending'],
      [4, 'slow_down'],
      [10, 'authorization_pending'],
      [9, 'slow_down'],
      [15, 'authorization_pending'],
      [15, 'authorization_pending'],
      [14, 'slow_down'],
      [20, 'authorization_pending'],
    ]);
    expect(await pollAfter(15 * 60)).toBe('expired_token');
    expect(await pollAfter(60)).toBe('expired_token');
    await test.close();
  });

  it('3.5: a denied request is access_denied, at any later poll too', async () => {
    const grant = await decided('deny');
    for (let n = 0; n < 3; n++) {
      const answer = await poll(grant.device_code);
      expect(refusal(answer)).toEqual([400, 'access_denied']);
      expectOAuthError(answer);
    }
  });

  it('3.5: pending and too fast polls are errors in the form of RFC 6749', async () => {
    const grant = await start();
    for (const error of ['authorization_pending', 'slow_down']) {
      const answer = await poll(grant.device_code);
      expect(refusal(answer)).toEqual([400, error]);
      expectOAuthError(answer);
    }
  });

  it('3.5: an approval that came too late gives no tokens', async () => {
    const test = await TestServices.compose();
    const { deviceGrants } = test.services;
    const account = await test.account('olga@plant.example');
    const { deviceCode, userCode } = await deviceGrants.request({ gatewayName: 'gw', source: '192.0.2.1' });
    test.clock.moveOn(15 * minute);
    const approval = {
      organization: { kind: 'new', name: 'Late', slug: 'late' },
      system: { name: 'Late', slug: 'late' },
    } as const;
    await expect(deviceGrants.approve(userCode, account, approval)).rejects.toMatchObject({
      code: 'not-found',
    });
    await expect(deviceGrants.poll(deviceCode)).rejects.toMatchObject({ code: 'expired_token' });
    await test.close();
  });

  it('5.1: codes cannot be guessed: a person is stopped after twenty in ten minutes', async () => {
    const person = new Person(runtime, 'mallory@guessing.example');
    await person.signIn();
    const statuses: number[] = [];
    for (let n = 0; n < 21; n++) statuses.push((await person.open('/connect?user_code=BBBB-BBBB')).status);
    expect(statuses.slice(0, 20)).toEqual(Array(20).fill(400));
    expect(statuses[20]).toBe(429);
  });

  it('5.6: the client gets no secret', async () => {
    const { answer } = await connected();
    expect(Object.keys(body(answer)).filter((name) => name.includes('secret'))).toEqual([]);
  });

  it('6.1: a user code has eight letters that make no words, and is taken as people type it', async () => {
    const grant = await start({ gateway_name: 'Typed' });
    expect(grant.user_code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
    const person = new Person(runtime, 'olga@typing.example');
    await person.signIn();
    const plain = grant.user_code.replace('-', '');
    for (const typed of [plain, plain.toLowerCase(), ` ${plain.slice(0, 2)} ${plain.slice(2)}. `]) {
      const page = await person.open(`/connect?user_code=${encodeURIComponent(typed)}`);
      expect(page.text).toContain('Typed');
    }
  });
});

describe('RFC 7009, revocation', () => {
  it.each([
    ['the refresh key', 'refresh_token', 'refresh_token'],
    ['the refresh key, called an access token', 'refresh_token', 'access_token'],
    ['the access token', 'access_token', 'access_token'],
    ['the access token, called a refresh token', 'access_token', 'refresh_token'],
    ['the access token, called what nobody knows', 'access_token', 'made_up'],
    ['the refresh key, without a hint', 'refresh_token', ''],
  ] as const)('2, 2.1: %s is revoked, and at once nothing of it works', async (_, kind, hint) => {
    const tokens = await connected();
    const answer = await revoke(tokens[kind], { token_type_hint: hint });
    expect(answer.status).toBe(200);
    expect((await use(tokens.access_token)).status).toBe(401);
    expect(refusal(await refresh(tokens.refresh_token))).toEqual([400, 'invalid_grant']);
  });

  it('2.1: a request of another client is refused and revokes nothing', async () => {
    const { access_token: token } = await connected();
    expect(refusal(await revoke(token, { client_id: 'other' }))).toEqual([401, 'invalid_client']);
    expect(refusal(await post('/oauth/revoke', { token }))).toEqual([400, 'invalid_request']);
    expect((await use(token)).status).toBe(200);
  });

  it('2.2: unknown and revoked tokens are answered as good ones are', async () => {
    const { refresh_token: key } = await connected();
    const answers = [await revoke(key), await revoke(key), await revoke('unknown'), await revoke('é"\\')];
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`))).toEqual(new Set(['200 {}']));
  });

  it('2.2.1: errors have the form of RFC 6749', async () => {
    const answer = await post('/oauth/revoke', client);
    expect(refusal(answer)).toEqual([400, 'invalid_request']);
    expectOAuthError(answer);
  });

  it('2.2.1: an outage is 503 and says when to ask again', async () => {
    const test = await TestServices.compose();
    const unavailable = oauthEndpoint(async () => {
      throw new OAuthError('temporarily_unavailable', 'Not now.');
    });
    const request = new HttpRequest({ url: 'http://localhost/oauth/revoke', method: 'POST' });
    const answer = await unavailable(test.services, request, new InvocationContext());
    expect(answer).toMatchObject({
      status: 503,
      headers: { 'retry-after': '1', 'cache-control': 'no-store' },
    });
    await test.close();
  });
});

describe('RFC 8414, metadata', () => {
  const metadata = () => send(`${runtime.origin}/.well-known/oauth-authorization-server`);

  it('3.1, 3.2: it is found by GET at the well-known address, with 200, as JSON', async () => {
    const answer = await metadata();
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json');
    const posted = await post('/.well-known/oauth-authorization-server', {});
    expect(posted.status).toBe(404);
  });

  it('3.3: the issuer is the address that it was asked of; 2: without query or fragment', async () => {
    expect(body(await metadata())['issuer']).toBe(runtime.origin);
    expect(runtime.origin).toMatch(/^https?:\/\/[^/?#]+$/);
  });

  it('3.2: no list is empty', async () => {
    const lists = Object.values(body(await metadata())).filter((value) => Array.isArray(value));
    expect(lists.length).toBeGreaterThan(3);
    for (const list of lists) expect(list.length).toBeGreaterThan(0);
  });

  it('2; RFC 8628 4: it says what is here, and nothing that is not', async () => {
    expect(body(await metadata())).toEqual({
      issuer: runtime.origin,
      device_authorization_endpoint: `${runtime.origin}/oauth/device_authorization`,
      token_endpoint: `${runtime.origin}/oauth/token`,
      revocation_endpoint: `${runtime.origin}/oauth/revoke`,
      grant_types_supported: [deviceGrant, 'refresh_token'],
      scopes_supported: ['system'],
      token_endpoint_auth_methods_supported: ['none'],
      revocation_endpoint_auth_methods_supported: ['none'],
      service_documentation: `${runtime.origin}/`,
    });
  });
});
