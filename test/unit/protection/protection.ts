import type { Role } from '../../../shared/organizations/organization.ts';
import { portalOrigin, type Asking, type FunctionApp, type Reply } from '../../support/function-app.ts';
import type { Visitor, World } from './world.ts';

/** One request, valid in all but who sends it. */
export interface Call {
  readonly method: string;
  readonly target: (world: World) => string;
  readonly fields?: (world: World) => Record<string, string>;
  readonly json?: (world: World) => unknown;
  /** What it is answered when all is well; anything but 401, 403 and 404 unless given. */
  readonly status?: number;
}

export interface MemberCall extends Call {
  /** Who may; every member unless given. */
  readonly roles?: readonly Role[];
}

/** How a function is protected. The proofs of each kind are below. */
export type Protection =
  /** For everybody, since it shows nothing of anybody and changes nothing. */
  | { readonly kind: 'public'; readonly why: string; readonly calls: readonly Call[] }
  /** For programs with a valid access token of a system; what belongs to another system is not found. */
  | { readonly kind: 'system'; readonly calls: readonly (Call & { readonly namesShare?: boolean })[] }
  /** For whoever is signed in at the portal: shows and changes only what is theirs. */
  | { readonly kind: 'signed-in'; readonly calls: readonly Call[] }
  /** For members of the organization that the route leads to, by role; everyone else finds nothing. */
  | { readonly kind: 'member'; readonly calls: readonly MemberCall[] }
  /** Rules of its own, with a proof of its own. Its methods are named, since no calls name them. */
  | {
      readonly kind: 'special';
      readonly rule: string;
      readonly methods: readonly string[];
      readonly prove: (app: FunctionApp, world: World) => Promise<void>;
    };

export const methodsOf = (protection: Protection): readonly string[] =>
  protection.kind === 'special' ? protection.methods : protection.calls.map(({ method }) => method);

type Sender = (call: Call, asking?: Asking) => Promise<Reply>;

/** @param make a new world, for what cannot be tried twice */
export async function prove(
  protection: Protection,
  app: FunctionApp,
  make: () => Promise<World>,
): Promise<void> {
  const world = await make();
  if (protection.kind === 'special') return protection.prove(app, world);
  const sendIn =
    (where: World): Sender =>
    (call, { headers = {}, fields = {} } = {}) =>
      app.call(call.target(where), {
        method: call.method,
        headers,
        ...(call.method !== 'GET' && !call.json && { fields: { ...call.fields?.(where), ...fields } }),
        ...(call.json && { json: call.json(where) }),
      });
  const send = sendIn(world);
  for (const call of protection.calls) {
    switch (protection.kind) {
      case 'public': {
        const reply = await send(call);
        expect([call.method, reply.status]).toEqual([call.method, call.status ?? 200]);
        for (const secret of world.private) expect(reply.text).not.toContain(secret);
        break;
      }
      case 'system':
        await proveSystem(call, world, send);
        expectGood(call, await sendIn(world)(call, { headers: { authorization: world.bearer } }));
        break;
      case 'signed-in': {
        await proveSignedIn(call, world, send, world.stranger);
        const reply = await send(call, asVisitor(world.stranger));
        expectGood(call, reply);
        for (const secret of world.private) expect(reply.text).not.toContain(secret);
        break;
      }
      case 'member':
        await proveMember(call, world, send, make, sendIn);
        break;
    }
  }
}

/** Somebody's own form, from the portal's own page. */
const asVisitor = ({ cookie, csrf }: Visitor): Asking => ({
  headers: { cookie, origin: portalOrigin, 'sec-fetch-site': 'same-origin' },
  fields: { csrf },
});

function expectGood({ method, status }: Call, reply: Reply): void {
  if (status !== undefined) expect([method, reply.status]).toEqual([method, status]);
  else expect([401, 403, 404, 500]).not.toContain(reply.status);
  expect(reply.location ?? '').not.toMatch(/^\/sign-in/);
}

/** RFC 6750 section 3.1; OWASP ASVS 4.1.1, 4.2.1. */
async function proveSystem(
  call: Call & { readonly namesShare?: boolean },
  world: World,
  send: Sender,
): Promise<void> {
  const { cookie } = world.roles.owner;
  for (const headers of [
    {},
    { cookie },
    { authorization: 'Bearer ' },
    { authorization: 'Bearer invented' },
    { authorization: `Bearer ${world.refreshKey}` },
    { authorization: `Basic ${Buffer.from(`drawbridge-gateway:${world.accessToken}`).toString('base64')}` },
    // The signature is what counts: the last part replaced.
    { authorization: `${world.bearer.slice(0, world.bearer.lastIndexOf('.'))}.${'A'.repeat(43)}` },
  ]) {
    const reply = await send(call, { headers });
    expect([headers, reply.status]).toEqual([headers, 401]);
    for (const secret of world.private) expect(reply.text).not.toContain(secret);
  }
  if (!call.namesShare) return;
  const foreign = await send(call, { headers: { authorization: world.foreignBearer } });
  expect(foreign.status).toBe(404);
}

/** OWASP ASVS 4.1.1, 4.2.2: signed in, from our own page, with the token of this browser. */
async function proveSignedIn(call: Call, world: World, send: Sender, visitor: Visitor): Promise<void> {
  const { csrf } = visitor;
  const good = asVisitor(visitor);
  for (const cookie of ['', '__Host-drawbridge=invented', world.shareCookie]) {
    const reply = await send(call, { headers: { ...good.headers, cookie }, fields: { csrf } });
    expect([cookie, reply.status, reply.location]).toEqual([
      cookie,
      303,
      expect.stringMatching(/^\/sign-in(\?|$)/),
    ]);
  }
  const bearer = await send(call, { headers: { authorization: world.bearer } });
  expect([bearer.status, bearer.location]).toEqual([303, expect.stringMatching(/^\/sign-in(\?|$)/)]);
  if (call.method !== 'GET') await proveOwnForm(call, world, send, visitor);
}

/** OWASP ASVS 4.2.2, for whoever may otherwise do it. */
async function proveOwnForm(call: Call, world: World, send: Sender, visitor: Visitor): Promise<void> {
  const good = asVisitor(visitor);
  const other = visitor === world.recipient ? world.stranger : world.recipient;
  const { cookie } = visitor;
  for (const [what, asking] of Object.entries<Asking>({
    'without a token': { headers: good.headers ?? {} },
    'with an invented token': { ...good, fields: { csrf: 'invented' } },
    'with the token of somebody else': { ...good, fields: { csrf: other.csrf } },
    'from another origin': { ...good, headers: { ...good.headers, origin: 'https://evil.example' } },
    'from the origin of a share': {
      ...good,
      headers: { ...good.headers, origin: `http://${world.shareHost}` },
    },
    'from nowhere (Origin: null)': { ...good, headers: { ...good.headers, origin: 'null' } },
    'from another site, by an old browser': {
      ...good,
      headers: { cookie, 'sec-fetch-site': 'cross-site' },
    },
    'without a word on where from': { ...good, headers: { cookie } },
  })) {
    const reply = await send(call, asking);
    expect([what, reply.status]).toEqual([what, 403]);
  }
}

/** OWASP ASVS 4.1.3, 4.2.1: the right role, and nothing of another organization's. */
async function proveMember(
  call: MemberCall,
  world: World,
  send: Sender,
  make: () => Promise<World>,
  sendIn: (world: World) => Sender,
): Promise<void> {
  const roles = call.roles ?? ['owner', 'admin', 'member'];
  const [first] = roles;
  if (first === undefined) throw new Error('Nobody may?');
  await proveSignedIn(call, world, send, world.roles[first]);
  for (const outsider of [world.stranger, world.recipient]) {
    const reply = await send(call, asVisitor(outsider));
    expect([call.target(world), reply.status]).toEqual([call.target(world), 404]);
    for (const secret of [world.organization.name, world.roles.owner.account.email]) {
      expect(reply.text).not.toContain(secret);
    }
  }
  for (const role of ['owner', 'admin', 'member'] as const) {
    const may = roles.includes(role);
    // What is done cannot always be done twice.
    const fresh = may && call.method !== 'GET' ? await make() : world;
    const reply = await sendIn(fresh)(call, asVisitor(fresh.roles[role]));
    if (may) expectGood(call, reply);
    else
      expect([role, call.method, call.target(fresh), reply.status]).toEqual([
        role,
        call.method,
        call.target(fresh),
        403,
      ]);
  }
}
