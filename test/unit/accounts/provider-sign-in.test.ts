import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import { services } from '../../../functions/trigger/services.ts';
import { createIdentityProvider } from '../../../shared/accounts/identity-provider.ts';
import { silentLog } from '../../../shared/log.ts';
import { systemClock } from '../../../shared/system-clock.ts';
import { accountIdOf } from '../../../shared/identifier.ts';
import { readConfiguration } from '../../../shared/configuration.ts';
import { emailAddress } from '../../../shared/email/email-address.ts';
import { loadFunctionApp, portalOrigin, type FunctionApp, type Reply } from '../../support/function-app.ts';
import type { providerOrder } from './fixtures/provider-orders.ts';

jest.mock(
  '@azure/functions-core',
  () => jest.requireActual<object>('../../../local/functions-host/functions-core.ts'),
  { virtual: true },
);

const callback = `${portalOrigin}/provider-sign-in/callback`;
let provider: ChildProcess;
let issuer: string;
let app: FunctionApp;

const order = async (what: z.input<typeof providerOrder>) => {
  const done = once(provider, 'message');
  provider.send(what);
  await done;
};

beforeAll(async () => {
  provider = fork(join(__dirname, 'fixtures/run-provider.ts'), [callback], {
    execArgv: ['--no-warnings'],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const [ready] = (await once(provider, 'message')) as [{ issuer: string }];
  issuer = ready.issuer;
  app = await loadFunctionApp({
    OIDC_ISSUER: issuer,
    OIDC_CLIENT_ID: 'drawbridge',
    OIDC_CLIENT_SECRET: 'only for this test, and only on loopback',
    OIDC_NAME: 'Plant Login',
  });
});
afterAll(async () => {
  provider.kill('SIGKILL');
  services().sender.close();
  await services().store.close();
  rmSync(app.dataDir, { recursive: true, force: true });
});

/** A browser that keeps cookies for portal and provider, and follows the provider's redirects. */
class Browser {
  readonly portal = new Map<string, string>();
  readonly provider = new Map<string, string>();

  async get(target: string): Promise<Reply> {
    const cookie = [...this.portal].map(([name, value]) => `${name}=${value}`).join('; ');
    const reply = await app.call(target, { headers: { cookie, 'x-forwarded-for': '192.0.2.7' } });
    for (const { name, value, maxAge } of reply.cookies) {
      if (maxAge === 0) this.portal.delete(name);
      else this.portal.set(name, value);
    }
    return reply;
  }

  /** From the portal to the provider. @returns the address there */
  async begin(returnTo = '/'): Promise<URL> {
    const reply = await this.get(`/provider-sign-in?returnTo=${encodeURIComponent(returnTo)}`);
    expect([reply.status, reply.text]).toEqual([303, '']);
    return new URL(reply.location ?? '');
  }

  /** Through the provider. @returns where it sends the browser back to */
  async through(start: URL): Promise<URL> {
    let at = start;
    for (let hops = 0; hops < 10; hops++) {
      const cookie = [...this.provider].map(([name, value]) => `${name}=${value}`).join('; ');
      const response = await fetch(at, { redirect: 'manual', headers: { cookie } });
      for (const line of response.headers.getSetCookie()) {
        const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=');
        this.provider.set(name, value);
      }
      const location = response.headers.get('location');
      if (location === null) throw new Error(`${response.status} at ${at.href}: ${await response.text()}`);
      at = new URL(location, at);
      if (at.origin === portalOrigin) return at;
    }
    throw new Error('redirects without end');
  }

  async signIn(returnTo = '/'): Promise<Reply> {
    const start = await this.begin(returnTo);
    // This provider tells of its methods only if asked to; others tell always.
    start.searchParams.set('claims', JSON.stringify({ id_token: { amr: null } }));
    const back = await this.through(start);
    return this.get(back.pathname + back.search);
  }

  get session() {
    return services().sessions.portal(this.portal.get('__Host-drawbridge'));
  }
}

/** A plain page that says so, and nobody is signed in. */
async function expectTrouble(browser: Browser, reply: Reply, status: number, words: RegExp): Promise<void> {
  expect([reply.status, reply.text]).toEqual([status, expect.stringMatching(words)]);
  expect(await browser.session).toBeUndefined();
}

let people = 0;
const somebody = () => {
  const name = `person${++people}`;
  return { subject: `subject-${name}`, email: `${name}@plant.example`, verified: true };
};

describe('sign-in at an OpenID provider', () => {
  it('is offered by name, and leads through the provider to where the person wanted to go', async () => {
    const page = await app.call('/sign-in?returnTo=%2Fconnect%3Fa%3Db');
    expect(page.text).toContain('Continue with Plant Login');
    expect(page.text).toContain('href="/provider-sign-in?returnTo=%2Fconnect%3Fa%3Db"');
    const ann = somebody();
    await order(ann);
    const browser = new Browser();
    const reply = await browser.signIn('/connect?a=b');
    expect([reply.status, reply.location]).toEqual([303, '/connect?a=b']);
    expect(await browser.session).toMatchObject({ email: ann.email, factors: ['provider'] });
    // The same account as a mailed code would open.
    expect((await browser.session)?.accountId).toBe(accountIdOf(emailAddress(ann.email)));
    const { items } = await services().audit.list('service', { limit: 1, action: 'account.signed-in' });
    expect(items[0]).toMatchObject({ actor: { label: ann.email }, details: { factors: 'provider' } });
  });

  it('asks with code, PKCE S256, state, nonce and the exact redirect URI (RFC 9700 section 2.1)', async () => {
    const one = await new Browser().begin();
    const other = await new Browser().begin();
    expect(Object.fromEntries(one.searchParams)).toMatchObject({
      response_type: 'code',
      client_id: 'drawbridge',
      redirect_uri: callback,
      scope: 'openid email',
      code_challenge_method: 'S256',
    });
    for (const name of ['state', 'nonce', 'code_challenge']) {
      expect(one.searchParams.get(name)).toMatch(/^[\w-]{43}$/);
      expect(one.searchParams.get(name)).not.toBe(other.searchParams.get(name));
    }
  });

  it.each(['https://evil.example/', '//evil.example', '/\\evil.example'])(
    'leads to no other origin: %s (ASVS 5.1.5)',
    async (returnTo) => {
      await order(somebody());
      expect((await new Browser().signIn(returnTo)).location).toBe('/');
    },
  );

  it('ends the session that there was, and asks nobody twice at the provider', async () => {
    await order(somebody());
    const browser = new Browser();
    await browser.signIn();
    const before = browser.portal.get('__Host-drawbridge');
    await browser.signIn();
    expect(browser.portal.get('__Host-drawbridge')).not.toBe(before);
    expect(await services().sessions.portal(before)).toBeUndefined();
  });

  it('counts as a second factor only where the provider says that it asked for several (RFC 8176)', async () => {
    await order({ ...somebody(), amr: ['pwd', 'otp', 'mfa'] });
    const strong = new Browser();
    await strong.signIn();
    expect((await strong.session)?.factors).toEqual(['provider-mfa']);
    await order({ ...somebody(), amr: ['pwd'] });
    const weak = new Browser();
    await weak.signIn();
    expect((await weak.session)?.factors).toEqual(['provider']);
  });
});

describe('an answer is refused', () => {
  const answered = async (change: (url: URL) => void = () => undefined) => {
    await order(somebody());
    const browser = new Browser();
    const start = await browser.begin();
    change(start);
    return { browser, back: await browser.through(start) };
  };
  const stale = /This sign-in is over/;
  const refused = /The answer of Plant Login is not valid/;

  it('when it comes again: one cookie, one answer (RFC 9700 section 4.7)', async () => {
    const { browser, back } = await answered();
    const cookie = browser.portal.get('__Host-drawbridge-provider') ?? '';
    expect((await browser.get(back.pathname + back.search)).status).toBe(303);
    const thief = new Browser();
    thief.portal.set('__Host-drawbridge-provider', cookie);
    await expectTrouble(thief, await thief.get(back.pathname + back.search), 400, stale);
  });

  it('in another browser, which is how a login is forced on somebody', async () => {
    const { back } = await answered();
    const victim = new Browser();
    await expectTrouble(victim, await victim.get(back.pathname + back.search), 400, stale);
    await victim.begin();
    await expectTrouble(victim, await victim.get(back.pathname + back.search), 400, stale);
  });

  it.each([
    ['state', 'invented', stale],
    ['code', 'invented', refused],
    ['iss', 'https://evil.example', refused],
  ])('with another %s', async (name, value, words) => {
    const { browser, back } = await answered();
    back.searchParams.set(name, value);
    await expectTrouble(browser, await browser.get(back.pathname + back.search), 400, words);
  });

  it('without iss, which this provider promises (RFC 9207 section 2.4), and with two codes', async () => {
    for (const change of [
      (back: URL) => back.searchParams.delete('iss'),
      (back: URL) => back.searchParams.append('code', 'another'),
    ]) {
      const { browser, back } = await answered();
      change(back);
      await expectTrouble(browser, await browser.get(back.pathname + back.search), 400, refused);
    }
  });

  it('for another nonce (OpenID Connect Core section 3.1.3.7)', async () => {
    const { browser, back } = await answered((start) => start.searchParams.set('nonce', 'x'.repeat(43)));
    await expectTrouble(browser, await browser.get(back.pathname + back.search), 400, refused);
  });

  it('for another challenge: a code that was begun elsewhere (RFC 7636)', async () => {
    const { browser, back } = await answered((start) =>
      start.searchParams.set('code_challenge', 'x'.repeat(43)),
    );
    await expectTrouble(browser, await browser.get(back.pathname + back.search), 400, refused);
  });

  it.each([undefined, '', 'invented', 'eyJhbGciOiJub25lIn0.eyJqdGkiOiJ4IiwicmV0dXJuVG8iOiIvIn0.'])(
    'with the cookie %s',
    async (cookie) => {
      const { browser, back } = await answered();
      if (cookie === undefined) browser.portal.delete('__Host-drawbridge-provider');
      else browser.portal.set('__Host-drawbridge-provider', cookie);
      await expectTrouble(browser, await browser.get(back.pathname + back.search), 400, stale);
    },
  );
});

describe('when the provider', () => {
  it('reports that the person cancelled, a plain page says so', async () => {
    await order({ deny: true });
    const browser = new Browser();
    await expectTrouble(browser, await browser.signIn(), 403, /Plant Login did not let you sign in/);
  });

  it.each([
    ['has not verified the address', { email: 'x@plant.example', verified: false }],
    ['says nothing of having verified it', { email: 'x@plant.example' }],
    ['has no address', { verified: true }],
    ['has what is no address', { email: 'x@localhost', verified: true }],
  ])('%s, nobody gets in by it', async (_, what) => {
    await order(what);
    const browser = new Browser();
    await expectTrouble(browser, await browser.signIn(), 403, /Plant Login has not verified your address/);
  });

  it('is down, that is said, and mailed codes work on', async () => {
    await order(somebody());
    const browser = new Browser();
    const back = await browser.through(await browser.begin());
    await order({ down: true });
    await expectTrouble(browser, await browser.get(back.pathname + back.search), 503, /cannot be reached/);
    // Its metadata is known already, so people are still sent there, and find out there.
    expect((await browser.begin()).origin).toBe(issuer);
    expect((await app.call('/sign-in')).status).toBe(200);
    await order({});
  });

  it('knows the person by a new address, the new one is signed in, and is told what that means', async () => {
    const ann = somebody();
    await order(ann);
    await new Browser().signIn();
    await order({ ...ann, email: `new-${ann.email}` });
    const browser = new Browser();
    const reply = await browser.signIn('/shared-with-me');
    expect([reply.status, reply.text]).toEqual([200, expect.stringMatching(/Your address has changed/)]);
    expect(reply.text).toContain(`stay with that address`);
    expect(reply.text).toContain('href="/shared-with-me"');
    expect((await browser.session)?.accountId).toBe(accountIdOf(emailAddress(`new-${ann.email}`)));
    // Once is enough.
    expect((await new Browser().signIn()).status).toBe(303);
  });

  it('gives an address to somebody else, they prove the mailbox first, and are then linked', async () => {
    const ann = somebody();
    await order(ann);
    await new Browser().signIn();
    const heir = { ...ann, subject: `heir-${ann.subject}` };
    await order(heir);
    const browser = new Browser();
    const reply = await browser.signIn();
    await expectTrouble(browser, reply, 403, /Please prove this address/);
    expect(reply.text).toContain('href="/sign-in?returnTo=%2Fprovider-sign-in"');

    // What the mailed code does.
    const { cookie } = await services().sessions.openPortal({
      id: accountIdOf(emailAddress(ann.email)),
      email: emailAddress(ann.email),
    });
    browser.portal.set('__Host-drawbridge', cookie);
    expect((await browser.signIn()).status).toBe(303);
    const later = new Browser();
    expect((await later.signIn()).status).toBe(303);
    expect((await later.session)?.email).toBe(ann.email);
    // Who had it before is the stranger now.
    await order(ann);
    const before = new Browser();
    await expectTrouble(before, await before.signIn(), 403, /Please prove this address/);
  });
});

describe('a client of the provider', () => {
  const checks = { state: 's'.repeat(43), nonce: 'n'.repeat(43), verifier: 'v'.repeat(43) };
  const client = (clientSecret?: string) =>
    createIdentityProvider({
      settings: {
        issuer,
        clientId: clientSecret === undefined ? 'public' : 'drawbridge',
        clientSecret,
        name: 'P',
      },
      redirectUri: callback,
      clock: systemClock,
      log: silentLog,
    });

  it('needs no secret, and takes an address from the ID token as well as from UserInfo', async () => {
    const ann = somebody();
    await order(ann);
    const start = await client().authorizationUrl(checks);
    const wanted = { id_token: { email: null, email_verified: null } };
    start.searchParams.set('claims', JSON.stringify(wanted));
    const back = await new Browser().through(start);
    expect(await client().redeem(back.searchParams, checks)).toEqual({
      subject: ann.subject,
      email: ann.email,
      severalFactors: false,
    });
  });

  it('with a wrong secret gets nothing', async () => {
    await order(somebody());
    const back = await new Browser().through(await client('wrong').authorizationUrl(checks));
    await expect(client('wrong').redeem(back.searchParams, checks)).rejects.toMatchObject({
      reason: 'refused',
    });
  });

  it('that found the provider down asks again the next time', async () => {
    const fresh = client();
    await order({ down: true });
    await expect(fresh.authorizationUrl(checks)).rejects.toMatchObject({ reason: 'unreachable' });
    await order({});
    expect((await fresh.authorizationUrl(checks)).origin).toBe(issuer);
  });

  it('says that it is unreachable where nobody listens', async () => {
    const nobody = createIdentityProvider({
      settings: { issuer: 'http://127.0.0.1:9', clientId: 'x', clientSecret: undefined, name: 'P' },
      redirectUri: callback,
      clock: systemClock,
      log: silentLog,
    });
    await expect(nobody.authorizationUrl(checks)).rejects.toMatchObject({ reason: 'unreachable' });
  });
});

describe('the settings of a provider', () => {
  const issuerSetting = { OIDC_ISSUER: 'https://login.example/tenant', OIDC_CLIENT_ID: 'x' };
  it('name it by its host unless a name is given, and need no secret', () => {
    expect(readConfiguration(issuerSetting).identityProvider).toEqual({
      issuer: 'https://login.example/tenant',
      clientId: 'x',
      clientSecret: undefined,
      name: 'login.example',
    });
    expect(readConfiguration({}).identityProvider).toBeUndefined();
  });

  it.each([
    [{ OIDC_ISSUER: 'https://login.example' }, 'both, or neither'],
    [{ OIDC_CLIENT_ID: 'x' }, 'both, or neither'],
    [{ OIDC_CLIENT_SECRET: 'x' }, 'both, or neither'],
    [{ ...issuerSetting, OIDC_ISSUER: 'http://login.example' }, 'use https'],
    [{ ...issuerSetting, OIDC_ISSUER: 'https://login.example/?x=1' }, 'without user, query'],
    [{ ...issuerSetting, OIDC_ISSUER: 'ldap://login.example' }, 'OIDC_ISSUER'],
  ])('%j are refused', (settings, words) => {
    expect(() => readConfiguration(settings)).toThrow(words);
  });
});
