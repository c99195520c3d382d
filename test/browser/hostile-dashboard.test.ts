import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page, Response } from 'playwright-core';
import { connectGateway, Gateway } from '../../local/rehearsal/gateway-program.ts';
import { Person, send } from '../../local/rehearsal/person.ts';
import { eventually, Runtime } from '../../local/rehearsal/runtime.ts';
import { hostileHeaders, hostilePaths, redirects, startHostile } from '../support/applications/hostile.ts';
import type { Application } from '../support/applications/program.ts';
import { launchChromium, signInWith } from '../support/chromium.ts';

/** What a dashboard may do to the viewer who looks at it: the guard on the way out, in a real browser. */
describe('a hostile dashboard', () => {
  let browser: Browser;
  let hostile: Application;
  let runtime: Runtime;
  let gateway: Gateway;
  let owner: Person;
  let guest: BrowserContext;
  let page: Page;
  let answer: Response;
  let other: { id: string; url: string };
  let share: { id: string; url: string };
  const guestEmail = 'guest@partner.example';

  async function makeShare(dashboard: string) {
    const calls = join(runtime.dataDir, 'calls.json');
    await writeFile(calls, JSON.stringify(hostilePaths.map((path) => ({ method: 'GET', path }))));
    const made = await gateway.cli(
      ...['share', '--dashboard', dashboard, '--title', dashboard, '--path', '/', '--to', guestEmail],
      ...['--calls', calls, '--yes', '--json'],
    );
    expect([made.code, made.stderr]).toEqual([0, expect.any(String)]);
    return JSON.parse(made.stdout) as { id: string; url: string };
  }

  /** A GET with fetch: its status, or that the browser kept the answer back. */
  const fetched = (url: string, init: Pick<RequestInit, 'credentials' | 'mode'> = {}) =>
    page.evaluate(
      ([address, given]) =>
        fetch(address, given).then(
          async (response) => ({ type: response.type, status: response.status, text: await response.text() }),
          () => 'blocked',
        ),
      [url, init] as const,
    );

  beforeAll(async () => {
    browser = await launchChromium();
    hostile = await startHostile();
    runtime = await Runtime.start();
    gateway = await Gateway.at(runtime, hostile.origin);
    owner = new Person(runtime, 'owner@plant.example');
    await connectGateway(runtime, gateway, owner, {
      organizationName: 'Plant Ltd',
      organizationSlug: 'plant',
      systemName: 'Plant',
      systemSlug: 'plant-1',
    });
    await gateway.run();
    [other, share] = [await makeShare('other'), await makeShare('hostile')];
    guest = await browser.newContext();
    page = await guest.newPage();
    await page.goto(`${runtime.origin}/invitations/${other.id}`);
    await signInWith(page, new Person(runtime, guestEmail));
    await page.waitForURL(`${other.url}**`);
    await page.goto(`${runtime.origin}/invitations/${share.id}`);
    await page.waitForURL(`${share.url}**`);
    answer = (await page.reload()) as Response;
  });

  afterAll(async () => {
    await gateway?.stop();
    await runtime?.stop();
    await hostile?.close();
    await browser?.close();
  });

  it('gets none of its headers to the viewer (ASVS 14.3.3, 14.4.1, 14.5.3)', async () => {
    expect(answer.status()).toBe(200);
    const headers = await answer.allHeaders();
    const kept = new Set([
      ...['cache-control', 'content-security-policy', 'content-type', 'keep-alive', 'date'],
      ...['cross-origin-opener-policy', 'cross-origin-resource-policy', 'origin-agent-cluster'],
    ]);
    expect(Object.keys(headers).filter((name) => name in hostileHeaders && !kept.has(name))).toEqual([]);
    expect(headers).toMatchObject({
      'cache-control': 'private, no-cache',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'origin-agent-cluster': '?1',
    });
    expect(JSON.stringify(headers)).not.toMatch(/10\.0\.0\.5|internal|evil|OnPrem/);
    const cookies = await guest.cookies();
    expect(cookies.filter(({ name, value }) => name === 'inner' || value === 'evil')).toEqual([]);
  });

  it.each(Object.keys(redirects))('redirects nobody by %s (ASVS 5.1.5)', async (path) => {
    const { status, headers } = await page.evaluate(async (target) => {
      const response = await fetch(target, { redirect: 'manual' });
      return { status: response.status, type: response.type, headers: [...response.headers].join() };
    }, path);
    const { name, value } = (await guest.cookies(share.url))[0] ?? { name: '', value: '' };
    const raw = await send(new URL(path, share.url).href, { headers: { cookie: `${name}=${value}` } });
    const { location } = raw.headers;
    expect(location === undefined || /^\/(?!\/|\\)/.test(location)).toBe(true);
    expect(`${headers}${raw.text}${location}`).not.toMatch(/10\.0\.0\.5|169\.254|javascript:/);
    expect([0, 302, 503]).toContain(status);
  });

  it('reads nothing of the portal, by any kind of request (ASVS 14.5.3)', async () => {
    for (const path of ['/', '/account', '/.local/mail', '/api/shares', '/openapi.json', '/oauth/token']) {
      const url = runtime.origin + path;
      expect([path, await fetched(url, { credentials: 'include' })]).toEqual([path, 'blocked']);
      const blind = await fetched(url, { credentials: 'include', mode: 'no-cors' });
      expect(typeof blind === 'string' ? '' : blind.text).toBe('');
    }
  });

  it('can neither frame the portal nor another share (ASVS 14.4.7)', async () => {
    for (const url of [runtime.origin, `${runtime.origin}/account`, other.url]) {
      const seen = page.waitForEvent('framenavigated', { timeout: 5000 }).catch(() => undefined);
      await page.evaluate((address) => {
        const frame = document.createElement('iframe');
        frame.src = address;
        document.body.append(frame);
      }, url);
      await seen;
      const framed = await Promise.all(
        page
          .frames()
          .slice(1)
          .map((frame) => frame.content().catch(() => '')),
      );
      expect(framed.join('')).not.toMatch(/Hostile|Drawbridge|guest@/);
      await page.evaluate(() => document.querySelectorAll('iframe').forEach((frame) => frame.remove()));
    }
  });

  it('posts no form to the portal or to another share in the name of the viewer (ASVS 4.2.2)', async () => {
    const posted: string[] = [];
    guest.on('response', (response) => {
      if (response.request().isNavigationRequest()) {
        posted.push(`${response.request().method()} ${response.status()} ${response.url()}`);
      }
    });
    for (const url of [`${runtime.origin}/account/sessions/end-others`, `${other.url}script.js`]) {
      const popup = guest.waitForEvent('page');
      await page.evaluate((action) => {
        const form = Object.assign(document.createElement('form'), {
          action,
          method: 'post',
          target: '_blank',
        });
        document.body.append(form);
        form.submit();
      }, url);
      const opened = await popup;
      await opened.waitForLoadState();
      await eventually(() => Promise.resolve(posted.some((each) => each.startsWith('POST'))));
      await opened.close();
    }
    expect(posted).toEqual([
      // Without the viewer's cookies: nobody's, who may sign in.
      `POST 303 ${runtime.origin}/account/sessions/end-others`,
      `GET 303 ${runtime.origin}/sign-in?returnTo=%2F`,
      `GET 200 ${runtime.origin}/`,
      `POST 401 ${other.url}script.js`,
    ]);
  });

  it('holds no window that it opened on the portal or on another share (ASVS 14.4.7)', async () => {
    for (const url of [runtime.origin, other.url]) {
      const popup = guest.waitForEvent('page');
      await page.evaluate((address) => {
        Object.assign(window, { opened: window.open(address) });
      }, url);
      const opened = await popup;
      await opened.waitForLoadState();
      const held = await page.evaluate(() => {
        const { opened: handle } = window as unknown as { opened: Window };
        let read = 'unreadable';
        try {
          read = handle.document.title;
        } catch {
          // As it should.
        }
        return { closed: handle.closed, read };
      });
      // A page of another opener policy is in another group: its opener sees a closed window.
      expect(held).toEqual({ closed: true, read: 'unreadable' });
      expect(await opened.evaluate(() => window.opener === null)).toBe(true);
      await opened.close();
    }
  });

  it('runs no script, loads no style and measures no image of another share (ASVS 14.5.3)', async () => {
    const loaded = (tag: 'script' | 'img' | 'link', url: string) =>
      page.evaluate(
        ([name, address]) =>
          new Promise<string>((resolve) => {
            const element = document.createElement(name);
            element.onload = () => resolve('loaded');
            element.onerror = () => resolve('blocked');
            if (element instanceof HTMLLinkElement)
              Object.assign(element, { rel: 'stylesheet', href: address });
            else Object.assign(element, { src: address });
            document.head.append(element);
          }),
        [tag, url] as const,
      );
    expect(await loaded('script', '/script.js')).toBe('loaded');
    for (const tag of ['script', 'img', 'link'] as const) {
      expect([tag, await loaded(tag, `${other.url}script.js`)]).toEqual([tag, 'blocked']);
      expect([tag, await loaded(tag, `${runtime.origin}/assets/portal.css`)]).toEqual([tag, 'blocked']);
    }
  });

  it('reads nothing of another share to which the same viewer is signed in', async () => {
    expect(await fetched(`${other.url}headers`, { credentials: 'include' })).toBe('blocked');
    const blind = await fetched(`${other.url}headers`, { credentials: 'include', mode: 'no-cors' });
    // The refusal itself, unreadable.
    expect(blind).toEqual({ type: 'opaque', status: 0, text: '' });
  });

  it('registers no service worker, which would outlive the share', async () => {
    for (const [script, scope] of [
      ['/worker.js', '/'],
      ['/worker.js', '/.drawbridge/'],
      ['/.drawbridge/worker.js', '/.drawbridge/'],
    ]) {
      const registered = await page.evaluate(
        ([address = '', given = '']) =>
          navigator.serviceWorker.register(address, { scope: given }).then(
            () => 'registered',
            () => 'refused',
          ),
        [script, scope] as const,
      );
      expect([script, registered]).toEqual([script, 'refused']);
    }
  });

  it('reads no cookie of the service, and sets none that the service takes (ASVS 3.4.2, 3.4.4)', async () => {
    const visible = await page.evaluate(() => document.cookie);
    expect(visible).toBe('');
    await page.evaluate(() => {
      for (const name of [
        '__Host-drawbridge',
        '__Host-drawbridge-share',
        'drawbridge',
        '__host-drawbridge',
        '',
      ]) {
        for (const domain of ['', '; domain=localhost', '; domain=.localhost']) {
          for (const path of ['/', '/.drawbridge/', '/account']) {
            const value = name === '' ? '__Host-drawbridge=evil' : 'evil';
            document.cookie = `${name}=${value}; path=${path}; secure${domain}`;
            document.cookie = `\u00a0${name}=${value}; path=${path}${domain}`;
          }
        }
      }
    });
    const portal = await guest.newPage();
    await portal.goto(`${runtime.origin}/account`);
    await portal.getByText(guestEmail).first().waitFor();
    await portal.close();
    expect((await page.reload())?.status()).toBe(200);
    await page.goto(other.url);
    expect(await page.title()).toBe('Hostile');
    await page.goto(share.url);
  });

  it('gets no one-time code of another share to use (RFC 6749 section 10.12)', async () => {
    const opened = await guest.newPage();
    const landed = await opened.goto(
      `${runtime.origin}/invitations/${other.id}?state=chosen-by-the-attacker`,
    );
    expect(landed?.status()).toBe(401);
    await opened.close();
  });

  it('relaxes no origin by document.domain', async () => {
    const isolated = await page.evaluate(() => {
      try {
        document.domain = 'localhost';
      } catch {
        // Either way.
      }
      return window.originAgentCluster;
    });
    expect(isolated).toBe(true);
  });

  it('learns the portal nothing by messages: no page of the service listens', async () => {
    const listens = async (url: string) => {
      const visited = await guest.newPage();
      const scripts: string[] = [];
      visited.on('request', (request) => {
        if (request.resourceType() === 'script') scripts.push(request.url());
      });
      await visited.goto(url);
      const inline = await visited.locator('script').count();
      await visited.close();
      return [...scripts, inline];
    };
    expect(await listens(runtime.origin)).toEqual([0]);
  });

  it('opens no WebSocket, and its owner reads of the attempt', async () => {
    const outcome = await page.evaluate(
      (url) =>
        new Promise<string>((resolve) => {
          const socket = new WebSocket(url);
          socket.onopen = () => resolve('open');
          socket.onerror = () => resolve('refused');
        }),
      `${share.url.replace('http', 'ws')}live`,
    );
    expect(outcome).toBe('refused');
    await eventually(async () => {
      const audit = await owner.open('/organizations/plant/audit?action=request.refused');
      return audit.text.includes('WebSocket connections cannot be shared yet');
    });
  });

  it('is gone from the browser once the share is over: what was kept is cleared', async () => {
    await page.evaluate(async () => {
      localStorage.setItem('kept', 'a dashboard');
      const cache = await caches.open('kept');
      await cache.put('/kept', new Response('a dashboard'));
    });
    expect((await gateway.cli('unshare', share.id)).code).toBe(0);
    await page.goto(share.url);
    await page.getByRole('heading', { name: 'No longer shared' }).waitFor();
    const left = await page.evaluate(async () => [localStorage.getItem('kept'), await caches.keys()]);
    expect(left).toEqual([null, []]);
    const portal = await guest.newPage();
    await portal.goto(`${runtime.origin}/account`);
    await portal.getByText(guestEmail).first().waitFor();
    await portal.close();
  });
});
