import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { Person } from '../../local/rehearsal/person.ts';
import { eventually, Runtime } from '../../local/rehearsal/runtime.ts';
import { launchChromium, screenshot, signInWith, troubles } from '../support/chromium.ts';

/** The life of a share as `npm start` prints it, every click in Chromium. The steps build on each other. */
describe('the demo system, by hand', () => {
  let browser: Browser;
  let runtime: Runtime;
  let admin: BrowserContext;
  let guest: BrowserContext;
  let demo: Page;
  let dashboard: Page;
  let found: string[];
  const guestEmail = 'ann@partner.example';

  beforeAll(async () => {
    browser = await launchChromium();
    runtime = await Runtime.start({ DEMO: 'on' });
    admin = await browser.newContext({ viewport: { width: 1280, height: 860 } });
    guest = await browser.newContext({ viewport: { width: 1280, height: 860 } });
    found = troubles(guest);
  });

  afterAll(async () => {
    await browser.close();
    await runtime.stop();
  });

  it('connects: the demo shows link and code, the portal asks, the admin approves', async () => {
    demo = await admin.newPage();
    await demo.goto(`${runtime.demoOrigin}/sharing`);
    await demo.getByLabel('Name').fill('admin');
    const password = await readFile(join(runtime.dataDir, 'demo-system/admin-password.txt'), 'utf8');
    await demo.getByLabel('Password').fill(password.trim());
    await demo.keyboard.press('Enter');
    await demo.getByRole('button', { name: 'Connect to the cloud' }).click();
    const link = demo.locator('a[href*="user_code="]');
    await link.waitFor();
    await screenshot(demo, 'connect-code');

    const portal = await admin.newPage();
    await portal.goto((await link.getAttribute('href')) ?? '');
    await signInWith(portal, new Person(runtime, 'olga@plant.example'));
    await portal.getByRole('heading', { name: 'Connect this system?' }).waitFor();
    await portal.getByLabel('Name of the organization', { exact: true }).fill('Plant Ltd');
    await portal.getByLabel('Short name of the organization').fill('plant');
    await portal.getByLabel('Name of the system', { exact: true }).fill('Hilltop North');
    await portal.getByLabel('Short name of the system').fill('hilltop-north');
    await portal.getByRole('checkbox').check();
    await screenshot(portal, 'connect-review', { fullPage: true });
    await portal.getByRole('button', { name: 'Approve' }).click();
    await portal.getByText('Hilltop North').first().waitFor();
    await portal.close();
    await demo.getByText('Hilltop North').first().waitFor({ timeout: 30_000 });
  });

  it('shares from the button of the dashboard', async () => {
    await demo.goto(`${runtime.demoOrigin}/dashboards/north`);
    await demo.getByRole('link', { name: 'Start sharing' }).click();
    await demo.getByLabel('Recipients').fill(guestEmail);
    await demo.getByLabel(/^Message/).fill('Here is our transmitter, live.');
    await screenshot(demo, 'share-form', { fullPage: true });
    await demo.getByRole('button', { name: /share/i }).first().click();
    await demo.getByText(guestEmail).first().waitFor();
    const mail = await eventually(async () => (await runtime.mails(guestEmail))[0]);
    expect(mail.subject).toContain('Transmitter site North');
  });

  it('shows the invitation in the mailbox, and the live dashboard to the guest who signs in', async () => {
    const mailbox = await guest.newPage();
    await mailbox.goto(`${runtime.origin}/.local/mail`);
    await mailbox
      .getByRole('link', { name: /Transmitter site North/ })
      .first()
      .click();
    await screenshot(mailbox, 'invitation');
    const [mail] = await runtime.mails(guestEmail);
    const link = /https?:\/\/\S+\/invitations\/\S+/.exec(mail?.text ?? '')?.[0] ?? '';
    await mailbox.close();

    dashboard = await guest.newPage();
    await dashboard.goto(link);
    await signInWith(dashboard, new Person(runtime, guestEmail));
    await dashboard
      .getByRole('heading', { name: /Transmitter site North/ })
      .first()
      .waitFor();
    expect(new URL(dashboard.url()).hostname).toMatch(/^[a-z0-9]{26}\.localhost$/);
    const figures = () => dashboard.locator('main').innerText();
    const first = await eventually(async () => {
      const text = await figures();
      return /\d/.test(text) && text;
    });
    await eventually(async () => (await figures()) !== first);
    // A while of everything that the dashboard does on its own, and nothing is refused.
    await dashboard.waitForTimeout(4000);
    expect(found).toEqual([]);
    await screenshot(dashboard, 'dashboard');
    await dashboard.setViewportSize({ width: 390, height: 844 });
    await screenshot(dashboard, 'dashboard-phone');
    await dashboard.setViewportSize({ width: 1280, height: 860 });
  });

  it('lets a script on the share reach neither another element, nor the portal, nor its cookies', async () => {
    const reached = await dashboard.evaluate(async (portal) => {
      const values = (elementId: number) =>
        fetch('/api/elements/values', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ elementId, parameters: ['power'] }),
        }).then((response) => response.status);
      const blocked = (url: string) =>
        fetch(url, { credentials: 'include' }).then(
          () => 'reached',
          () => 'blocked',
        );
      return {
        foreign: await values(201),
        portal: await blocked(`${portal}/`),
        mailbox: await blocked(`${portal}/.local/mail`),
        cookies: document.cookie,
      };
    }, runtime.origin);
    expect(reached).toEqual({ foreign: 403, portal: 'blocked', mailbox: 'blocked', cookies: '' });
  });

  it('shows owners the share, who opened it, and what was refused', async () => {
    const portal = await admin.newPage();
    await portal.goto(runtime.origin);
    await screenshot(portal, 'home');
    await portal.getByRole('link', { name: 'Hilltop North' }).click();
    await portal.getByText(guestEmail).first().waitFor();
    await portal.getByText('request.refused').first().waitFor();
    await screenshot(portal, 'system', { fullPage: true });
    await portal.close();
  });

  it('shows whoever stands before the machine what the gateway does, and who watches', async () => {
    const stateDir = join(runtime.dataDir, 'gateway');
    const { origin } = JSON.parse(await readFile(join(stateDir, 'console.json'), 'utf8')) as {
      origin: string;
    };
    const console = await admin.newPage();
    await console.goto(origin);
    await console.getByLabel('Administrator').fill('admin');
    await console.getByLabel('Password').fill('wrong');
    await console.keyboard.press('Enter');
    await console.getByText('Wrong name or password').waitFor();
    await screenshot(console, 'console-sign-in');
    const password = await readFile(join(runtime.dataDir, 'demo-system/admin-password.txt'), 'utf8');
    await console.getByLabel('Password').fill(password.trim());
    await console.keyboard.press('Enter');
    await console.getByText(guestEmail).first().waitFor();
    for (const words of ['Connected since', 'Plant Ltd', 'Hilltop North', 'Transmitter site North'])
      await console.getByText(words).first().waitFor();
    await screenshot(console, 'console', { fullPage: true });
    await console.setViewportSize({ width: 390, height: 844 });
    await screenshot(console, 'console-phone', { fullPage: true });
    await console.getByRole('link', { name: 'Disconnect' }).click();
    await console.getByLabel('Type the name to confirm').fill('Hilltop');
    await console.getByRole('button', { name: 'Disconnect' }).click();
    await console.getByText('This is not the name of the system.').waitFor();
    await console.close();
  });

  it('stops sharing from the demo, and the open page and the link are dead', async () => {
    await demo.goto(`${runtime.demoOrigin}/sharing`);
    await screenshot(demo, 'sharing');
    await demo
      .getByRole('button', { name: /Stop sharing/ })
      .first()
      .click();
    await eventually(async () => {
      const status = await dashboard.evaluate(() =>
        fetch('/api/dashboards/north').then((response) => response.status),
      );
      return status === 403;
    });
    await dashboard.reload();
    await dashboard.getByRole('heading', { name: 'No longer shared' }).waitFor();
    await screenshot(dashboard, 'ended');
  });
});
