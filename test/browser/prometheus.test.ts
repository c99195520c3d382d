import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { connectGateway, Gateway } from '../../local/rehearsal/gateway-program.ts';
import { Person } from '../../local/rehearsal/person.ts';
import { Runtime } from '../../local/rehearsal/runtime.ts';
import { launchChromium, screenshot, signInWith, troubles } from '../support/chromium.ts';
import { graphPath, recordGraph, startPrometheus } from '../support/applications/prometheus.ts';

/** The life of a share with an application that nobody here wrote. */
describe('Prometheus, shared', () => {
  let browser: Browser;
  let prometheus: Awaited<ReturnType<typeof startPrometheus>>;
  let runtime: Runtime;
  let gateway: Gateway;
  let share: { id: string; url: string };
  let onPremTroubles: string[] = [];
  const guestEmail = 'guest@partner.example';

  beforeAll(async () => {
    browser = await launchChromium();
    prometheus = await startPrometheus();
    runtime = await Runtime.start();
    gateway = await Gateway.at(runtime, prometheus.origin);
    await connectGateway(runtime, gateway, new Person(runtime, 'owner@plant.example'), {
      organizationName: 'Plant Ltd',
      organizationSlug: 'plant',
      systemName: 'Prometheus',
      systemSlug: 'prometheus',
    });
    await gateway.run();
  });

  afterAll(async () => {
    await gateway.stop();
    await runtime.stop();
    await prometheus.close();
    await browser.close();
  });

  it('shares the graph page with an allowlist from a recording', async () => {
    const har = join(runtime.dataDir, 'graph.har');
    onPremTroubles = await recordGraph(browser, prometheus.origin, har);
    const result = await gateway.cli(
      'share',
      ...['--dashboard', 'graph', '--title', 'Targets up', '--path', graphPath],
      ...['--to', guestEmail, '--har', har, '--yes', '--json'],
    );
    expect([result.code, result.stderr]).toEqual([0, expect.any(String)]);
    share = JSON.parse(result.stdout) as typeof share;
  });

  it('shows the recipient the live graph in Chromium, and refuses another query', async () => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    const found = troubles(context);
    const page = await context.newPage();
    await page.goto(`${runtime.origin}/invitations/${share.id}`);
    await screenshot(page, 'prometheus-sign-in');
    await signInWith(page, new Person(runtime, guestEmail));
    await page.waitForURL(`${share.url}**`);
    await page.locator('.graph svg path').first().waitFor({ state: 'attached' });
    expect(new URL(page.url()).origin).toBe(new URL(share.url).origin);
    await screenshot(page, 'prometheus-shared');
    // Again, as its owner does when wanting fresh values.
    for (let refresh = 0; refresh < 5; refresh++) {
      const answered = page.waitForResponse((response) => response.url().includes('/api/v1/query_range'));
      await page.locator('input.execute_btn, button.execute_btn').first().click();
      expect((await answered).status()).toBe(200);
    }
    // Nothing is refused or broken that is not so on-prem: Debian's page has a script error of its own.
    expect(new Set(found)).toEqual(new Set(onPremTroubles));

    const asked = (query: string) =>
      page.evaluate(async (expression) => {
        const now = Date.now() / 1000;
        const range = `start=${now - 3600}&end=${now}&step=14`;
        const response = await fetch(`/api/v1/query_range?query=${encodeURIComponent(expression)}&${range}`);
        return response.status;
      }, query);
    expect(await asked('process_resident_memory_bytes')).toBe(403);
    expect(await asked('up or process_resident_memory_bytes')).toBe(403);
    await context.close();
  });

  it('shows that the share has ended once it is revoked', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(`${runtime.origin}/invitations/${share.id}`);
    await signInWith(page, new Person(runtime, guestEmail));
    await page.locator('.graph svg path').first().waitFor({ state: 'attached' });
    expect((await gateway.cli('unshare', share.id)).code).toBe(0);
    await page.reload();
    await page.getByRole('heading', { name: 'No longer shared' }).waitFor();
    await screenshot(page, 'share-ended');
    await context.close();
  });
});
