import { sessionCookie } from '../../../functions/trigger/browser.ts';
import { publicClientId } from '../../../functions/trigger/oauth-endpoint.ts';
import { portalOrigin } from '../../support/function-app.ts';
import type { Call, MemberCall, Protection } from './protection.ts';
import { noShare, type World } from './world.ts';

const at = (target: string) => (): string => target;
const shareApi = (world: World) => `/api/shares/${world.share.id}`;
const system = (world: World) => `/systems/${world.system.id}`;
const organization = (world: World) => `/organizations/${world.organization.slug}`;
const ofMember = (world: World) => ({ email: world.roles.member.account.email });
const owners = { roles: ['owner'] } as const;
const managers = { roles: ['owner', 'admin'] } as const;

const memberForm = (act: string, fields: (world: World) => Record<string, string>): MemberCall => ({
  method: 'POST',
  target: (world) => `${organization(world)}/members/${act}`,
  fields,
  ...owners,
});
const anyForm = (target: string, fields: Record<string, string> = {}): Call => ({
  method: 'POST',
  target: at(target),
  fields: () => fields,
});

/** A form that anybody may send, from our own page only: nobody is signed in yet. */
const ownPageOnly =
  (target: string, fields: Record<string, string>) =>
  async (app: Parameters<Extract<Protection, { kind: 'special' }>['prove']>[0]) => {
    for (const headers of [
      {},
      { origin: portalOrigin },
      { origin: 'https://evil.example' },
      { 'sec-fetch-site': 'cross-site' },
      { origin: portalOrigin, cookie: '__Host-drawbridge-visitor=invented' },
    ]) {
      const reply = await app.call(target, {
        method: 'POST',
        headers,
        fields: { ...fields, csrf: 'invented' },
      });
      expect([headers, reply.status]).toEqual([headers, 403]);
    }
  };

/** RFC 6749 section 2.1: one public client; who is another is refused, whatever else is right. */
const oauthClient = (
  target: string,
  fields: (world: World) => Record<string, string>,
  status: number,
): Protection => ({
  kind: 'special',
  rule: 'the public OAuth client; what is sent proves itself (RFC 6749, 7009, 8628)',
  methods: ['POST'],
  prove: async (app, world) => {
    const send = async (client: Record<string, string>) =>
      (await app.call(target, { method: 'POST', fields: { ...fields(world), ...client } })).status;
    expect(await send({ client_id: 'somebody-else' })).toBe(401);
    expect(await send({ client_id: publicClientId, client_secret: 'x' })).toBe(401);
    expect(await send({ client_id: publicClientId })).toBe(status);
  },
});

/**
 * Every HTTP function there is, by name, with what protects it. A new function gets its row here:
 *
 * - `member` for pages of an organization: one call for each method and action, with the roles that may;
 * - `signed-in` for what belongs to whoever is signed in; `system` for the API of systems;
 * - `public` only with a reason; `special` where none of these fits, with a proof of its own.
 */
export const httpProtections: Readonly<Record<string, Protection>> = {
  account: { kind: 'signed-in', calls: [{ method: 'GET', target: at('/account') }] },
  'account-delete': {
    kind: 'signed-in',
    calls: [{ method: 'GET', target: at('/account/delete') }, anyForm('/account/delete', { confirm: 'x' })],
  },
  'account-password': {
    kind: 'signed-in',
    calls: [
      { method: 'GET', target: at('/account/password') },
      anyForm('/account/password', { password: 'six herons over the weir' }),
      anyForm('/account/password/remove'),
    ],
  },
  'account-second-factor': {
    kind: 'signed-in',
    calls: [
      { method: 'GET', target: at('/account/second-factor') },
      anyForm('/account/second-factor/enrol'),
      anyForm('/account/second-factor/confirm', { sealed: 'invented', code: '000000' }),
      anyForm('/account/second-factor/recovery-codes'),
      anyForm('/account/second-factor/remove'),
    ],
  },
  'account-sessions': {
    kind: 'signed-in',
    calls: [
      anyForm('/account/sessions/end', { session: 'invented' }),
      anyForm('/account/sessions/end-others'),
    ],
  },
  'audit-export': {
    kind: 'member',
    calls: (['json', 'csv'] as const).map((format) => ({
      method: 'GET',
      target: (world: World) => `${organization(world)}/audit/export/${format}`,
      ...managers,
    })),
  },
  connect: {
    kind: 'signed-in',
    calls: [
      { method: 'GET', target: at('/connect') },
      { method: 'GET', target: at('/connect?user_code=BCDF-GHJK'), status: 400 },
      { ...anyForm('/connect/find', { userCode: 'BCDF-GHJK' }), status: 400 },
      { ...anyForm('/connect/decide', { userCode: 'BCDF-GHJK', decision: 'approve' }), status: 200 },
    ],
  },
  'device-authorization': oauthClient('/oauth/device_authorization', () => ({}), 200),
  'factor-requirement': {
    kind: 'member',
    calls: [
      {
        method: 'POST',
        target: (world) => `${organization(world)}/second-factor`,
        fields: () => ({ required: 'yes' }),
        ...owners,
      },
    ],
  },
  health: {
    kind: 'public',
    why: 'tells whether the service is ready, for load balancers and monitors',
    calls: [{ method: 'GET', target: at('/api/health'), status: 503 }],
  },
  home: { kind: 'signed-in', calls: [{ method: 'GET', target: at('/') }] },
  'invitation-open': {
    kind: 'special',
    rule: 'portal session of a recipient of the share',
    methods: ['GET'],
    prove: async (app, world) => {
      const open = (cookie: string, id: string = world.share.id) =>
        app.call(`/invitations/${id}`, { headers: { cookie } });
      expect((await open('')).location).toMatch(/^\/sign-in\?/);
      for (const outsider of [world.stranger, world.roles.owner]) {
        const reply = await open(outsider.cookie);
        expect([reply.status, reply.text.includes(world.share.dashboard.title)]).toEqual([403, false]);
      }
      expect((await open(world.recipient.cookie, noShare)).status).toBe(404);
      expect((await open(world.recipient.cookie)).location).toBe(`http://${world.shareHost}/`);
    },
  },
  'invitation-resend': {
    kind: 'system',
    calls: [
      {
        method: 'POST',
        target: (world) => `${shareApi(world)}/invitations`,
        json: (world) => ({ email: world.recipient.account.email }),
        namesShare: true,
      },
    ],
  },
  policies: {
    kind: 'member',
    calls: [
      { method: 'GET', target: (world) => `${organization(world)}/policies`, ...managers },
      {
        method: 'POST',
        target: (world) => `${organization(world)}/policies`,
        fields: () => ({ longestShareDays: '30', existing: 'keep' }),
        ...owners,
      },
    ],
  },
  'wake-up-connection': {
    kind: 'system',
    calls: [{ method: 'POST', target: at('/api/wake-up/connection'), json: () => ({}), status: 404 }],
  },
  'oauth-metadata': {
    kind: 'public',
    why: 'RFC 8414 section 3: every client starts here',
    calls: [{ method: 'GET', target: at('/.well-known/oauth-authorization-server') }],
  },
  openapi: {
    kind: 'public',
    why: 'describes the routes; it is in the source, and names nobody',
    calls: [{ method: 'GET', target: at('/openapi.json') }],
  },
  organization: {
    kind: 'member',
    calls: [
      { method: 'GET', target: organization },
      { method: 'GET', target: (world) => `${organization(world)}/leave` },
      { method: 'GET', target: (world) => `${organization(world)}/audit`, ...managers },
    ],
  },
  'organization-change': {
    kind: 'member',
    calls: [
      {
        method: 'POST',
        target: (world) => `${organization(world)}/rename`,
        fields: () => ({ name: 'New' }),
        ...owners,
      },
      {
        method: 'POST',
        target: (world) => `${organization(world)}/delete`,
        fields: (world) => ({ confirm: world.organization.name }),
        // A system is connected.
        status: 409,
        ...owners,
      },
      { method: 'POST', target: (world) => `${organization(world)}/leave` },
    ],
  },
  'organization-join': {
    kind: 'special',
    rule: 'portal session of the invited address; the same page for everybody else, whatever there is',
    methods: ['GET', 'POST'],
    prove: async (app, world) => {
      const target = `/join/${world.organization.slug}`;
      expect((await app.call(target)).location).toMatch(/^\/sign-in\?/);
      const { cookie, csrf } = world.stranger;
      const post = (headers: Record<string, string>, token: string) =>
        app.call(target, {
          method: 'POST',
          headers: { cookie, ...headers },
          fields: { decision: 'join', csrf: token },
        });
      expect((await post({ origin: 'https://evil.example' }, csrf)).status).toBe(403);
      expect((await post({ origin: portalOrigin }, 'invented')).status).toBe(403);
      expect((await post({ origin: portalOrigin }, csrf)).status).toBe(404);
      const pages = await Promise.all(
        [target, '/join/there-is-none'].map((path) => app.call(path, { headers: { cookie } })),
      );
      expect(pages.map(({ status }) => status)).toEqual([404, 404]);
      expect(pages[0]?.text).toBe(pages[1]?.text);
      expect(pages[0]?.text).not.toContain(world.organization.name);
    },
  },
  'organization-members': {
    kind: 'member',
    calls: [
      memberForm('invite', () => ({ email: 'new@people.example', role: 'member' })),
      memberForm('role', (world) => ({ ...ofMember(world), role: 'owner' })),
      memberForm('remove', (world) => ({ ...ofMember(world), sure: 'yes' })),
      { ...memberForm('resend', () => ({ email: 'not@a-address' })), status: 400 },
      { ...memberForm('withdraw', () => ({ email: 'not@a-address' })), status: 400 },
    ],
  },
  password: {
    kind: 'special',
    rule: 'public, from our own page; the mailed link proves the address',
    methods: ['GET', 'POST'],
    prove: async (app) => {
      expect((await app.call('/password')).status).toBe(200);
      expect((await app.call('/password/choose?token=invented')).status).toBe(410);
      await ownPageOnly('/password', { email: 'ann@guest.example' })(app);
      await ownPageOnly('/password/choose', { token: 'invented', password: 'six herons over the weir' })(app);
    },
  },
  'portal-asset': {
    kind: 'public',
    why: 'the stylesheet of the pages',
    calls: [{ method: 'GET', target: at('/assets/none.css'), status: 404 }],
  },
  revoke: oauthClient('/oauth/revoke', () => ({ token: 'invented' }), 200),
  'share-create': {
    kind: 'system',
    calls: [
      {
        method: 'POST',
        target: at('/api/shares'),
        json: ({ share }) => ({
          dashboard: share.dashboard,
          recipients: ['ann@guest.example'],
          allowlist: { version: 1, rules: [{ id: '1', method: 'GET', path: ['north'] }] },
          sharedBy: { name: 'Olga' },
        }),
        status: 201,
      },
    ],
  },
  'share-delete': { kind: 'system', calls: [{ method: 'DELETE', target: shareApi, namesShare: true }] },
  'share-list': { kind: 'system', calls: [{ method: 'GET', target: at('/api/shares') }] },
  'share-allowlist': {
    kind: 'system',
    calls: [{ method: 'GET', target: (world) => `${shareApi(world)}/allowlist`, namesShare: true }],
  },
  'share-refusals': {
    kind: 'system',
    calls: [{ method: 'GET', target: (world) => `${shareApi(world)}/refusals`, namesShare: true }],
  },
  'refused-calls': {
    kind: 'member',
    calls: [
      {
        method: 'GET',
        target: (world) => `${system(world)}/shares/${world.share.id}/refused`,
        ...managers,
      },
      {
        method: 'POST',
        target: (world) => `${system(world)}/shares/${world.share.id}/refused/invented`,
        fields: () => ({ rule: 'invented' }),
        status: 404,
        ...managers,
      },
    ],
  },
  'share-record': {
    kind: 'system',
    calls: [{ method: 'GET', target: (world) => `${shareApi(world)}/record`, namesShare: true }],
  },
  'gateway-list': { kind: 'system', calls: [{ method: 'GET', target: at('/api/system/gateways') }] },
  'gateway-remove': {
    kind: 'system',
    calls: [{ method: 'DELETE', target: at('/api/system/gateways/self') }],
  },
  'share-read': { kind: 'system', calls: [{ method: 'GET', target: shareApi, namesShare: true }] },
  'share-session': {
    kind: 'special',
    rule: 'a one-time code of the portal for this share, in the browser that began there',
    methods: ['GET'],
    prove: async (app, world) => {
      const redeem = (query: string, cookie = '') =>
        app.call(`/share-origin/.drawbridge/session?${query}`, {
          headers: { 'x-forwarded-host': world.shareHost, cookie },
        });
      const started = `__Host-drawbridge-state=began`;
      for (const [query, cookie] of [
        ['', ''],
        ['code=invented&state=began', started],
        ['code=invented&state=other', started],
        [`code=${world.accessToken}&state=began`, started],
      ] as const) {
        const reply = await redeem(query, cookie);
        expect([query, reply.status, reply.cookies]).toEqual([query, 401, []]);
      }
    },
  },
  'share-update': {
    kind: 'system',
    calls: [{ method: 'PATCH', target: shareApi, json: () => ({ status: 'paused' }), namesShare: true }],
  },
  'shared-with-me': {
    kind: 'signed-in',
    calls: [
      { method: 'GET', target: at('/shared-with-me') },
      { ...anyForm(`/shared-with-me/${noShare}/leave`), status: 404 },
    ],
  },
  'sign-in': {
    kind: 'special',
    rule: 'public, from our own page; what is mailed proves the address',
    methods: ['GET', 'POST'],
    prove: async (app) => {
      expect((await app.call('/sign-in')).status).toBe(200);
      await ownPageOnly('/sign-in', { email: 'ann@guest.example' })(app);
      await ownPageOnly('/sign-in/code', { challengeId: 'x', code: '000000' })(app);
    },
  },
  'sign-in-provider': {
    kind: 'special',
    rule: 'public; there only if a provider is set, whose signed answer proves the address',
    methods: ['GET'],
    prove: async (app) => {
      expect((await app.call('/provider-sign-in')).status).toBe(404);
      expect((await app.call('/provider-sign-in/callback?code=x&state=y')).status).toBe(404);
    },
  },
  'sign-out': {
    kind: 'special',
    rule: 'ends the session of this browser only, from our own page',
    methods: ['POST'],
    prove: async (app, world) => {
      await ownPageOnly('/sign-out', {})(app);
      const { cookie, csrf } = world.stranger;
      const out = (headers: Record<string, string>) =>
        app.call('/sign-out', { method: 'POST', headers: { cookie, ...headers }, fields: { csrf } });
      expect((await out({ origin: 'https://evil.example' })).status).toBe(403);
      expect((await app.call('/', { headers: { cookie } })).status).toBe(200);
      expect((await out({ origin: portalOrigin })).status).toBe(303);
      expect((await app.call('/', { headers: { cookie } })).location).toMatch(/^\/sign-in/);
      expect((await app.call('/', { headers: { cookie: world.roles.owner.cookie } })).status).toBe(200);
    },
  },
  system: {
    kind: 'member',
    calls: [
      { method: 'GET', target: system },
      ...(['pause', 'resume', 'delete'] as const).map((act) => ({
        method: 'POST',
        target: (world: World) => `${system(world)}/shares/${world.share.id}/${act}`,
        ...managers,
      })),
      ...(['GET', 'POST'] as const).map((method) => ({
        method,
        target: (world: World) => `${system(world)}/gateways/${world.gatewayId}/remove`,
        ...managers,
      })),
      { method: 'POST', target: (world) => `${system(world)}/confirm`, ...owners },
      {
        method: 'POST',
        target: (world) => `${system(world)}/disconnect`,
        fields: (world) => ({ confirm: world.system.name }),
        ...owners,
      },
    ],
  },
  'system-disconnect': { kind: 'system', calls: [{ method: 'DELETE', target: at('/api/system') }] },
  'system-read': { kind: 'system', calls: [{ method: 'GET', target: at('/api/system') }] },
  token: oauthClient(
    '/oauth/token',
    ({ refreshKey }) => ({ grant_type: 'refresh_token', refresh_token: refreshKey }),
    200,
  ),
  tunnel: {
    kind: 'special',
    rule: 'the session of a recipient of this very share, on its own origin',
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
    prove: async (app, world) => {
      const view = (method: string, cookie: string, host: string = world.shareHost) =>
        app.call('/share-origin/dashboards/north', { method, headers: { 'x-forwarded-host': host, cookie } });
      for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
        for (const cookie of [
          '',
          world.recipient.cookie,
          world.recipient.cookie.replace(sessionCookie, '__Host-drawbridge-share'),
          world.roles.owner.cookie,
          '__Host-drawbridge-share=invented',
        ]) {
          expect([method, cookie, (await view(method, cookie)).status]).toEqual([method, cookie, 401]);
        }
      }
      // With the session it gets as far as the tunnel, which nobody holds here.
      expect((await view('GET', world.shareCookie)).status).toBe(503);
      expect((await view('DELETE', world.shareCookie)).status).toBe(403);
      expect((await view('GET', world.shareCookie, `${noShare}.localhost:7071`)).status).toBe(404);
      expect((await view('GET', world.shareCookie, 'localhost:7071')).status).toBe(404);
    },
  },
  'tunnel-listener': { kind: 'system', calls: [{ method: 'POST', target: at('/api/tunnel/listener') }] },
};

/** Every timer, with what it may do unasked. Timers have no route: nobody outside can start one. */
export const timers: Readonly<Record<string, string>> = {
  backup: 'writes a sealed backup',
  drill: 'restores the newest backup into a scratch place, and deletes that',
  expiry: 'ends what is over, deletes what has expired, tells owners of silent systems once',
  'invitation-sweep': 'sends invitations that are already decided',
};
