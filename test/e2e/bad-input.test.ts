import { connectGateway, Gateway } from '../../local/rehearsal/gateway-program.ts';
import { Person, send, type Answer } from '../../local/rehearsal/person.ts';
import { Runtime } from '../../local/rehearsal/runtime.ts';
import { startOnPremApplication } from '../support/on-prem-application.ts';

const share = {
  dashboard: { id: 'north', title: 'North', entryPath: '/dashboards/north', items: ['101'] },
  recipients: ['ann@guest.example'],
  allowlist: {
    version: 1,
    rules: [
      {
        id: '1',
        method: 'GET',
        path: ['dashboards', 'north'],
      },
    ],
  },
  sharedBy: { name: 'Olga' },
};

const form = 'application/x-www-form-urlencoded';
const jsonType = 'application/json';

interface Case {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array;
  readonly status: number;
  /** A field that the answer must name. */
  readonly field?: string;
  /** An OAuth error code that the answer must hold. */
  readonly error?: string;
}

/** Every input that crosses a trust boundary, given wrong. */
describe('bad input', () => {
  let runtime: Runtime;
  let application: Awaited<ReturnType<typeof startOnPremApplication>>;
  let gateway: Gateway;
  let token: string;
  let otherToken: string;

  const call = ({ method, path, headers = {}, body }: Omit<Case, 'status' | 'name'>): Promise<Answer> =>
    send(new URL(path, runtime.origin).href, { method, headers, ...(body !== undefined && { body }) });
  const bearer = (which = token) => ({ authorization: `Bearer ${which}` });
  const asJson = (body: unknown) => ({
    headers: { ...bearer(), 'content-type': jsonType },
    body: JSON.stringify(body),
  });

  async function connected(name: string): Promise<string> {
    const other = await Gateway.at(runtime, application.origin, name);
    await connectGateway(runtime, other, new Person(runtime, `${name}@plant.example`), {
      organizationName: name,
      organizationSlug: name,
      systemName: name,
      systemSlug: name,
    });
    gateway ??= other;
    return (await other.credentials()).accessToken;
  }

  beforeAll(async () => {
    runtime = await Runtime.start();
    application = await startOnPremApplication();
    token = await connected('first');
    otherToken = await connected('second');
  });

  afterAll(async () => {
    await application.close();
    await runtime.stop();
  });

  it('accepts the request that the others are variations of', async () => {
    const answer = await call({ method: 'POST', path: '/api/shares', ...asJson(share) });
    expect([answer.status, answer.text]).toEqual([201, expect.stringContaining('"url"')]);
  });

  const variations: [name: string, field: string, body: unknown][] = [
    ['no dashboard', 'dashboard', { ...share, dashboard: undefined }],
    ['an empty title', 'dashboard.title', { ...share, dashboard: { ...share.dashboard, title: ' ' } }],
    [
      'an entry path that leaves the origin',
      'dashboard.entryPath',
      { ...share, dashboard: { ...share.dashboard, entryPath: '//evil.example/' } },
    ],
    [
      'an entry path with a backslash',
      'dashboard.entryPath',
      { ...share, dashboard: { ...share.dashboard, entryPath: '/\\evil.example/' } },
    ],
    [
      'a line break in the title',
      'dashboard.title',
      { ...share, dashboard: { ...share.dashboard, title: 'a\r\nBcc: x@y.example' } },
    ],
    ['no recipient', 'recipients', { ...share, recipients: [] }],
    ['a recipient that is no address', 'recipients.1', { ...share, recipients: ['a@b.example', 'nobody'] }],
    [
      '101 recipients',
      'recipients',
      { ...share, recipients: Array.from({ length: 101 }, (_, i) => `p${i}@b.example`) },
    ],
    ['an expiry that is no time', 'expiresAt', { ...share, expiresAt: 'tomorrow' }],
    ['an expiry in the past', 'expiresAt', { ...share, expiresAt: '2020-01-01T00:00:00Z' }],
    ['a message of 2,001 characters', 'message', { ...share, message: 'm'.repeat(2001) }],
    ['an unknown member', 'admin', { ...share, admin: true }],
    [
      'an unknown member inside',
      'dashboard.owner',
      { ...share, dashboard: { ...share.dashboard, owner: 1 } },
    ],
    [
      'an allowlist of another version',
      'allowlist.version',
      { ...share, allowlist: { version: 2, rules: [] } },
    ],
    ['no allowlist', 'allowlist', { ...share, allowlist: undefined }],
    ['an array', 'body', [share]],
    ['null', 'body', null],
  ];
  it.each(variations)('names the field of a share with %s', async (_, field, body) => {
    const answer = await call({ method: 'POST', path: '/api/shares', ...asJson(body) });
    expect(answer.status).toBe(400);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    const problem = JSON.parse(answer.text) as { type: string; errors: { field: string }[] };
    expect(problem.type).toBe('/problems/invalid-request');
    expect(problem.errors.map((each) => each.field)).toContain(field);
  });

  const cases: Case[] = [
    { name: 'an unknown route', method: 'GET', path: '/api/nothing', status: 404 },
    { name: 'a page that nothing describes', method: 'GET', path: '/sign-in/secrets', status: 404 },
    { name: 'a method the route has not', method: 'PUT', path: '/api/shares', status: 404 },
    {
      name: 'a share without a token',
      method: 'POST',
      path: '/api/shares',
      headers: { 'content-type': jsonType },
      body: '{}',
      status: 401,
    },
    { name: 'a list without a token', method: 'GET', path: '/api/shares', status: 401 },
    {
      name: 'a token that is none',
      method: 'GET',
      path: '/api/shares',
      headers: { authorization: 'Bearer abc' },
      status: 401,
    },
    {
      name: 'another scheme',
      method: 'GET',
      path: '/api/shares',
      headers: { authorization: 'Basic YTpi' },
      status: 401,
    },
    {
      name: 'a token signed with nothing',
      method: 'GET',
      path: '/api/shares',
      headers: { authorization: 'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJzeXMtMSJ9.' },
      status: 401,
    },
    {
      name: 'a device request without client',
      method: 'POST',
      path: '/oauth/device_authorization',
      headers: { 'content-type': form },
      body: '',
      status: 400,
      error: 'invalid_request',
    },
    {
      name: 'a device request of an unknown client',
      method: 'POST',
      path: '/oauth/device_authorization',
      headers: { 'content-type': form },
      body: 'client_id=evil',
      status: 401,
      error: 'invalid_client',
    },
    {
      name: 'a device request with a huge name',
      method: 'POST',
      path: '/oauth/device_authorization',
      headers: { 'content-type': form },
      body: `client_id=drawbridge-gateway&gateway_name=${'n'.repeat(101)}`,
      status: 400,
      error: 'invalid_request',
    },
    {
      name: 'a token request without grant',
      method: 'POST',
      path: '/oauth/token',
      headers: { 'content-type': form },
      body: 'client_id=drawbridge-gateway',
      status: 400,
      error: 'invalid_request',
    },
    {
      name: 'a token request of an unknown grant',
      method: 'POST',
      path: '/oauth/token',
      headers: { 'content-type': form },
      body: 'client_id=drawbridge-gateway&grant_type=password',
      status: 400,
      error: 'unsupported_grant_type',
    },
    {
      name: 'a renewal without a key',
      method: 'POST',
      path: '/oauth/token',
      headers: { 'content-type': form },
      body: 'client_id=drawbridge-gateway&grant_type=refresh_token',
      status: 400,
      error: 'invalid_request',
    },
    {
      name: 'a renewal with an invented key',
      method: 'POST',
      path: '/oauth/token',
      headers: { 'content-type': form },
      body: 'client_id=drawbridge-gateway&grant_type=refresh_token&refresh_token=drk_gw-23456789abcdefghjkmnpqrstu.1.1.aaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
      status: 400,
      error: 'invalid_grant',
    },
    {
      name: 'a field given twice',
      method: 'POST',
      path: '/oauth/token',
      headers: { 'content-type': form },
      body: 'client_id=drawbridge-gateway&grant_type=a&grant_type=b',
      status: 400,
      error: 'invalid_request',
    },
    {
      name: 'a token request as JSON',
      method: 'POST',
      path: '/oauth/token',
      headers: { 'content-type': jsonType },
      body: '{}',
      status: 415,
      error: 'invalid_request',
    },
    {
      name: 'a token request of 20 kB',
      method: 'POST',
      path: '/oauth/token',
      headers: { 'content-type': form },
      body: `a=${'b'.repeat(20_000)}`,
      status: 413,
      error: 'invalid_request',
    },
    {
      name: 'an invented device code',
      method: 'POST',
      path: '/oauth/token',
      headers: { 'content-type': form },
      body: 'client_id=drawbridge-gateway&grant_type=urn:ietf:params:oauth:grant-type:device_code&device_code=a.b',
      status: 400,
      error: 'invalid_grant',
    },
    {
      name: 'the revocation of nothing',
      method: 'POST',
      path: '/oauth/revoke',
      headers: { 'content-type': form },
      body: 'client_id=drawbridge-gateway',
      status: 400,
      error: 'invalid_request',
    },
    {
      name: 'a sign-in from another site',
      method: 'POST',
      path: '/sign-in',
      headers: { 'content-type': form, origin: 'https://evil.example' },
      body: 'email=a%40b.example',
      status: 403,
    },
    {
      name: 'a sign-in without the token of a page',
      method: 'POST',
      path: '/sign-in',
      headers: { 'content-type': form, 'sec-fetch-site': 'same-origin' },
      body: 'email=a%40b.example',
      status: 403,
    },
    {
      name: 'a query that would stand in for headers',
      method: 'GET',
      path: '/api/shares?Headers=%7B%7D',
      status: 400,
    },
    { name: 'an invitation to nothing', method: 'GET', path: '/invitations/nothing', status: 404 },
    {
      name: 'a share origin reached by its inner path',
      method: 'GET',
      path: '/share-origin/api/users',
      status: 404,
    },
    { name: 'an asset that is none', method: 'GET', path: '/assets/..%2f..%2fpackage.json', status: 404 },
    { name: 'the mailbox under another method', method: 'DELETE', path: '/.local/mail', status: 405 },
  ];
  it.each(cases)('answers $status to $name', async ({ status, error, name: _, ...request }) => {
    const answer = await call(request);
    expect(answer.status).toBe(status);
    if (error !== undefined) expect(JSON.parse(answer.text)).toMatchObject({ error });
    expect(answer.text).not.toMatch(/at .*\.(js|ts):\d+/);
  });

  it.each([
    ['malformed JSON', jsonType, '{"dashboard":', 400],
    ['bytes that are not UTF-8', jsonType, Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), 400],
    ['another content type', 'text/plain', '{}', 415],
    ['no content type', '', '{}', 415],
    ['a string of escaped quotes without an end', jsonType, `"${'\\\\"'.repeat(500_000)}`, 400],
    ['a million brackets', jsonType, '['.repeat(1_000_000), 400],
    [
      'deep nesting inside an allowlist',
      jsonType,
      `{"allowlist":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_001)}`,
      400,
    ],
    ['2 MB', jsonType, `"${'x'.repeat(2_000_000)}"`, 413],
  ])('answers a share of %s', async (_, type, body, status) => {
    const headers = { ...bearer(), ...(type !== '' && { 'content-type': type }) };
    expect((await call({ method: 'POST', path: '/api/shares', headers, body })).status).toBe(status);
  });

  it.each(['GET', 'PATCH', 'DELETE'])("hides another system's share from %s", async (method) => {
    const made = await call({ method: 'POST', path: '/api/shares', ...asJson(share) });
    const { id } = JSON.parse(made.text) as { id: string };
    const patch = method === 'PATCH' && { 'content-type': jsonType };
    const foreign = await call({
      method,
      path: `/api/shares/${id}`,
      headers: { ...bearer(otherToken), ...patch },
      ...(method === 'PATCH' && { body: '{"status":"paused"}' }),
    });
    expect(foreign.status).toBe(404);
    const own = await call({ method: 'GET', path: `/api/shares/${id}`, headers: bearer() });
    expect([own.status, JSON.parse(own.text)]).toEqual([200, expect.objectContaining({ status: 'active' })]);
  });

  it('makes one share when a request is repeated under the same Idempotency-Key', async () => {
    const headers = {
      ...bearer(),
      'content-type': jsonType,
      'idempotency-key': 'aaaaaaaa-1111-2222-3333-bbbbbbbbbbbb',
    };
    const [first, second] = await Promise.all(
      [1, 2].map(() => call({ method: 'POST', path: '/api/shares', headers, body: JSON.stringify(share) })),
    );
    const ids = [first, second].map((answer) => (JSON.parse(answer?.text ?? '{}') as { id: string }).id);
    expect(ids[0]).toBe(ids[1]);
    const another = await call({
      method: 'POST',
      path: '/api/shares',
      headers,
      body: JSON.stringify({ ...share, recipients: ['eve@guest.example'] }),
    });
    expect(another.status).toBe(409);
  });

  it('is still well after all of this', async () => {
    const answer = await call({ method: 'GET', path: '/api/health' });
    expect([answer.status, JSON.parse(answer.text)]).toEqual([
      200,
      expect.objectContaining({ status: 'ready' }),
    ]);
  });
});
