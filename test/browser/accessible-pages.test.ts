import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import axe from 'axe-core';
import type { VNode } from 'preact';
import type { Browser, Page } from 'playwright-core';
import { pageHeaders } from '../../shared/pages/page-headers.ts';
import { findPortalAsset } from '../../shared/pages/portal-assets.ts';
import { portalCss } from '../../shared/pages/portal-css.ts';
import { renderPage } from '../../shared/pages/render-page.ts';
import { launchChromium, screenshot } from '../support/chromium.ts';
import { everyPage } from '../unit/pages/page-samples.ts';

const pages = everyPage((words) => words);

/** Every page of portal and console, in its states, as Chromium shows it: WCAG 2.2 by axe, phone, keyboard. */
describe('every page', () => {
  let browser: Browser;
  let server: Server;
  let origin: string;

  beforeAll(async () => {
    browser = await launchChromium();
    server = createServer((request, response) => {
      const path = request.url ?? '/';
      const page: VNode | undefined = pages[path.slice('/page/'.length)];
      const asset =
        path === '/.drawbridge/portal.css'
          ? { contentType: 'text/css', body: portalCss }
          : findPortalAsset(path);
      if (path.startsWith('/page/') && page) response.writeHead(200, pageHeaders()).end(renderPage(page));
      else if (asset) response.writeHead(200, { 'content-type': asset.contentType }).end(asset.body);
      else response.writeHead(404).end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(async () => {
    await browser.close();
    server.closeAllConnections();
    server.close();
  });

  /** One window a width and scheme: what opens pages is not what is tested. */
  const windows = new Map<string, Promise<Page>>();
  async function open(name: string, width: number, colorScheme: 'light' | 'dark'): Promise<Page> {
    const key = `${width} ${colorScheme}`;
    const window = windows.get(key) ?? browser.newPage({ viewport: { width, height: 844 }, colorScheme });
    windows.set(key, window);
    const page = await window;
    await page.goto(`${origin}/page/${name}`);
    return page;
  }

  /** What axe calls serious or critical, each with where it is. */
  async function faults(page: Page): Promise<string[]> {
    await page.evaluate(axe.source);
    return page.evaluate(async () => {
      const runner = (globalThis as unknown as { axe: typeof axe }).axe;
      const { violations } = await runner.run();
      return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .flatMap(({ id, nodes }) =>
          nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
        );
    });
  }

  const states = Object.keys(pages).map((name) => [name] as const);

  it.each(states)('%s has nothing that axe calls serious, in the light and in the dark', async (name) => {
    for (const scheme of ['light', 'dark'] as const) {
      const page = await open(name, 1280, scheme);
      expect([scheme, await faults(page)]).toEqual([scheme, []]);
    }
  });

  it.each(states)(
    '%s fits a phone, and the keyboard reaches all of it (WCAG 1.4.10, 2.1.1)',
    async (name) => {
      const page = await open(name, 390, 'light');
      if (process.env.SCREENSHOTS !== undefined) await screenshot(page, `page-${name}`, { fullPage: true });
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
      const reachable = await page.evaluate(
        () =>
          [
            ...document.querySelectorAll<HTMLElement>('a[href], button, input, select, textarea, summary'),
          ].filter((each) => each.checkVisibility() && each.getAttribute('type') !== 'hidden').length,
      );
      const radios = await page.evaluate(() => {
        const all = [...document.querySelectorAll<HTMLInputElement>('input[type=radio]')];
        return all.length - new Set(all.map(({ name: group }) => group)).size;
      });
      await page.evaluate(() => {
        document.addEventListener('focusin', ({ target }) =>
          (target as HTMLElement).setAttribute('data-met', ''),
        );
      });
      await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
      for (let presses = 0; presses < reachable + 40; presses++) await page.keyboard.press('Tab');
      const met = await page.locator('[data-met]').count();
      // Of a group of radio buttons the keyboard stops at one; arrows lead to the others.
      expect(met).toBeGreaterThanOrEqual(reachable - radios);
    },
  );

  it('finds a fault where there is one', async () => {
    const page = await open('home', 1280, 'light');
    await page.evaluate(() => document.body.insertAdjacentHTML('beforeend', '<main><input></main>'));
    expect((await faults(page)).join('\n')).toContain('label');
  });
});
