import { request as httpRequest, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { startConsoleApi, type ConsoleActions } from '../../../gateway/console/console-api.ts';
import { createConsolePages } from '../../../gateway/console/console-pages.ts';
import { createConsoleSessions } from '../../../gateway/console/console-sessions.ts';
import { GatewayError } from '../../../gateway/gateway-error.ts';
import type { GatewayStatus } from '../../../gateway/gateway-status.ts';
import { hour, minute } from '../../../shared/clock.ts';
import { jsonLines } from '../../../shared/log.ts';
import { systemRandom } from '../../../shared/system-clock.ts';

const password = 'pass word of hilltop';

const connected: GatewayStatus = {
  state: 'connected',
  service: 'https://service.example',
  system: { id: 'sys-1', name: 'North <site>' },
  organization: { name: 'Hill Radio' },
  connectedAt: '2026-03-01T12:00:00.000Z',
  reach: { state: 'connected', lastSeenAt: '2026-03-02T08:30:00.000Z' },
  watchers: [
    {
      shareId: 'north-1',
      recipient: 'ann@guest.example',
      since: Date.UTC(2026, 2, 2, 8),
      lastRequestAt: 0,
      openRequests: 1,
    },
  ],
};

const share = {
  id: 'north-1',
  url: 'https://north-1.shares.example/',
  status: 'active',
  dashboard: { id: 'north', title: 'North' },
  recipients: [{ email: 'ann@guest.example', invitation: 'sent' }],
  createdAt: '2026-03-01T12:00:00.000Z',
};

/** A browser: it keeps cookies and says where its forms come from. */
class Browser {
  readonly cookies = new Map<string, string>();
  readonly origin: string;
  constructor(origin: string) {
    this.origin = origin;
  }

  async ask(path: string, fields?: Record<string, string>, headers: Record<string, string | undefined> = {}) {
    const all: Record<string, string | undefined> = {
      cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
      ...(fields && {
        'content-type': 'application/x-www-form-urlencoded',
        origin: this.origin,
        'sec-fetch-site': 'same-origin',
      }),
      ...headers,
    };
    const sent = Object.fromEntries(Object.entries(all).filter((pair) => pair[1] !== undefined));
    const outgoing = httpRequest(`${this.origin}${path}`, {
      method: fields ? 'POST' : 'GET',
      headers: sent,
      agent: false,
    });
    outgoing.end(fields && new URLSearchParams(fields).toString());
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    let text = '';
    for await (const chunk of response) text += String(chunk);
    for (const line of response.headers['set-cookie'] ?? []) {
      const [pair = ''] = line.split(';');
      const [name = '', value = ''] = pair.split('=');
      if (value === '') this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return {
      status: response.statusCode,
      location: response.headers.location,
      headers: response.headers,
      setCookie: response.headers['set-cookie'] ?? [],
      text,
      csrf: /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? '',
    };
  }
}

/** Whoever stands before the machine sees what the gateway does, and can end it; nobody else sees or ends anything. */
describe('the console', () => {
  let api: Awaited<ReturnType<typeof startConsoleApi>>;
  let now: number;
  let done: string[];
  let logged: string[];
  let status: GatewayStatus;
  let sharesFail: boolean;
  let applicationFails: boolean;
  let browser: Browser;

  async function start(byPassword: boolean) {
    const random = systemRandom;
    const sessions = createConsoleSessions({ now: () => now }, random);
    const log = jsonLines(
      (line) => logged.push(line),
      () => '',
    );
    const actions: ConsoleActions = {
      status: async () => status,
      connect: async () => status,
      async disconnect() {
        done.push('disconnect');
        status = { state: 'not-connected', service: 'https://service.example', watchers: [] };
      },
      async shares() {
        if (sharesFail) throw new GatewayError('unreachable', 'The service does not answer.');
        return [share];
      },
      share: async () => share,
      unshare: async (id) => void done.push(`unshare ${id}`),
      review: async () => ({ lines: [], digest: '', accepted: false }),
      consoleLink: () => `/sign-in?code=${sessions.makeLink()}`,
    };
    const pages = createConsolePages({
      actions,
      sessions,
      verifyAdministrator: byPassword
        ? async (name, given) => {
            if (applicationFails) throw new GatewayError('unreachable', 'Hilltop does not answer.');
            return name === 'admin' && given === password;
          }
        : undefined,
      titles: async () => new Map([['north-1', 'North, live']]),
      random,
      log,
    });
    api = await startConsoleApi({ actions, pages, key: 'key', hostname: '127.0.0.1', port: 0, log });
    browser = new Browser(api.origin);
  }

  beforeEach(async () => {
    now = Date.UTC(2026, 2, 2, 9);
    done = [];
    logged = [];
    status = connected;
    sharesFail = false;
    applicationFails = false;
    await start(true);
  });
  afterEach(() => api.close());

  async function signIn(given = password, who = browser) {
    const { csrf } = await who.ask('/sign-in');
    return who.ask('/sign-in', { csrf, name: 'admin', password: given });
  }

  async function link(): Promise<string> {
    const response = await fetch(`${api.origin}/api/console-link`, {
      method: 'POST',
      headers: { authorization: 'Bearer key' },
    });
    return ((await response.json()) as { path: string }).path;
  }

  it('opens with the sign-in of the system, and says what the gateway does', async () => {
    expect(await signIn()).toMatchObject({ status: 303, location: '/' });
    const { status: code, text } = await browser.ask('/');
    expect(code).toBe(200);
    for (const words of [
      'Connected',
      'https://service.example',
      'Hill Radio',
      'North &lt;site>',
      'Connected since',
      'Last contact',
      'ann@guest.example',
      'North, live',
      'Stop sharing',
      'Disconnect',
    ])
      expect(text).toContain(words);
    expect(text).not.toContain('<script');
  });

  it('opens by a link made on this machine, once, within five minutes; following it changes nothing', async () => {
    const path = await link();
    for (const visit of [1, 2]) expect([visit, (await browser.ask(path)).status]).toEqual([visit, 200]);
    const code = new URL(path, api.origin).searchParams.get('code') ?? '';
    const { csrf } = await browser.ask(path);
    expect(await browser.ask('/sign-in', { csrf, code })).toMatchObject({ status: 303, location: '/' });
    const other = new Browser(api.origin);
    const again = await other.ask(path);
    expect(await other.ask('/sign-in', { csrf: again.csrf, code })).toMatchObject({ status: 403 });

    const late = new URL(await link(), api.origin).searchParams.get('code') ?? '';
    now += 5 * minute;
    expect(await other.ask('/sign-in', { csrf: again.csrf, code: late })).toMatchObject({ status: 403 });
    expect(await other.ask('/')).toMatchObject({ status: 303, location: '/sign-in' });
  });

  it('has only the link where the system has no users', async () => {
    await api.close();
    await start(false);
    const { text, csrf } = await browser.ask('/sign-in');
    expect(text).not.toContain('type="password"');
    expect(text).toContain('drawbridge-gateway console');
    expect(await browser.ask('/sign-in', { csrf, name: 'admin', password })).toMatchObject({ status: 403 });
  });

  it('refuses wrong passwords, and after ten of them every password for a quarter of an hour (ASVS 2.2.1)', async () => {
    for (let count = 0; count < 10; count++) expect((await signIn('wrong')).status).toBe(403);
    expect((await signIn()).status).toBe(429);
    now += 15 * minute;
    expect((await signIn()).status).toBe(303);
    expect(logged.join('')).not.toContain(password);
  });

  it('says so when the system cannot be asked, and counts that against nobody', async () => {
    applicationFails = true;
    for (let count = 0; count < 11; count++) {
      const answer = await signIn();
      expect([answer.status, answer.text.includes('Hilltop does not answer')]).toEqual([502, true]);
    }
    applicationFails = false;
    expect((await signIn()).status).toBe(303);
  });

  it.each([
    ['half an hour unused', 30 * minute + 1, 1],
    ['twelve hours in use', 25 * minute, 29],
  ])('closes after %s (ASVS 3.3.2)', async (_, step, times) => {
    await signIn();
    for (let count = 0; count < times - 1; count++) {
      now += step;
      await browser.ask('/');
    }
    now += step;
    expect(await browser.ask('/')).toMatchObject({ status: 303, location: '/sign-in' });
    expect(step * times).toBeLessThan(13 * hour);
  });

  it('closes when signed out, for the cookie as well', async () => {
    await signIn();
    const { csrf } = await browser.ask('/');
    const kept = new Map(browser.cookies);
    await browser.ask('/sign-out', { csrf });
    for (const [name, value] of kept) browser.cookies.set(name, value);
    expect(await browser.ask('/')).toMatchObject({ status: 303, location: '/sign-in' });
  });

  it('stops a share, and disconnects once the name was typed', async () => {
    await signIn();
    const { csrf } = await browser.ask('/');
    const stopped = await browser.ask('/shares/north-1/stop', { csrf });
    expect([stopped.status, stopped.text.includes('Sharing has stopped')]).toEqual([200, true]);
    expect((await browser.ask('/disconnect')).text).toContain('Type the name to confirm');
    expect((await browser.ask('/disconnect', { csrf, confirm: 'North' })).status).toBe(400);
    expect(done).toEqual(['unshare north-1']);
    const ended = await browser.ask('/disconnect', { csrf, confirm: 'North <site>' });
    expect([ended.status, ended.text.includes('Not connected')]).toEqual([200, true]);
    expect(done).toEqual(['unshare north-1', 'disconnect']);
    expect(logged.join('')).toContain('"by":"admin"');
  });

  it.each<[string, GatewayStatus, string[]]>([
    [
      'nobody connected it',
      { state: 'not-connected', service: 'https://s.example', watchers: [] },
      ['Not connected', 'Nothing is sent'],
    ],
    [
      'its credentials were revoked',
      { ...connected, state: 'revoked', problem: 'A key was used twice.', watchers: [] },
      ['Credentials revoked', 'A key was used twice.'],
    ],
    ['nobody watches', { ...connected, watchers: [] }, ['Nobody is watching.']],
  ])('says when %s', async (_, told, words) => {
    status = told;
    await signIn();
    const { text } = await browser.ask('/');
    for (const each of words) expect(text).toContain(each);
  });

  it('goes on when the service does not answer, and says so', async () => {
    sharesFail = true;
    await signIn();
    expect((await browser.ask('/')).text).toContain('The service could not be asked what is shared');
  });

  describe('to anybody else (ASVS 4.2.2, 13.2.3)', () => {
    it('shows nothing and does nothing without signing in', async () => {
      for (const path of ['/', '/disconnect', '/nothing'])
        expect(await browser.ask(path)).toMatchObject({ status: 303, location: '/sign-in', text: '' });
      const { csrf } = await browser.ask('/sign-in');
      for (const path of ['/disconnect', '/shares/north-1/stop'])
        expect(await browser.ask(path, { csrf, confirm: 'North <site>' })).toMatchObject({ status: 303 });
      expect(done).toEqual([]);
    });

    it.each<[string, Record<string, string | undefined>, Record<string, string>]>([
      ['from another origin', { origin: 'https://evil.example' }, {}],
      ['from another port of this machine', { origin: 'http://127.0.0.1:7080' }, {}],
      ['from nowhere', { origin: undefined }, {}],
      ['from another site', { 'sec-fetch-site': 'cross-site' }, {}],
      ['without its token', {}, { csrf: '' }],
      ['as JSON', { 'content-type': 'application/json' }, {}],
    ])('refuses a form %s', async (_, headers, fields) => {
      await signIn();
      const { csrf } = await browser.ask('/');
      const form = { csrf, confirm: 'North <site>', ...fields };
      expect((await browser.ask('/disconnect', form, headers)).status).toBe(403);
      expect(done).toEqual([]);
    });

    it('answers no name but this machine’s (DNS rebinding)', async () => {
      for (const path of ['/', '/sign-in', '/assets/x'])
        expect((await browser.ask(path, undefined, { host: 'attacker.example' })).status).toBe(403);
    });

    it('keeps its cookies from scripts and other sites, and pages out of frames', async () => {
      const { headers } = await browser.ask('/sign-in');
      const { setCookie } = await signIn();
      const session = setCookie.find((line) => line.startsWith('drawbridge-console-session'));
      expect(session).toMatch(/; HttpOnly; SameSite=Strict$/);
      expect(headers['content-security-policy']).toContain("default-src 'none'");
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
    });
  });
});
