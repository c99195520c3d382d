import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import type { Person } from '../../local/rehearsal/person.ts';

/** Debian's Chromium, without the services that would look for a network. */
export const launchChromium = (): Promise<Browser> =>
  chromium.launch({
    env: { PATH: process.env.PATH, HOME: process.env.HOME },
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });

/** Where screenshots of a run go; `SCREENSHOTS` names a folder to keep them. */
const screenshots = process.env.SCREENSHOTS ?? mkdtempSync(join(tmpdir(), 'drawbridge-screenshots-'));

export const screenshot = (page: Page, name: string, options: { fullPage?: boolean } = {}) =>
  page.screenshot({ path: join(screenshots, `${name}.png`), ...options });

/** Follows a link that asks for sign-in, and signs in with the code from the mailbox. */
export async function signInWith(page: Page, person: Person): Promise<void> {
  await page.getByLabel(/address/i).fill(person.email);
  await page.keyboard.press('Enter');
  await page.locator('[name=code]').waitFor();
  await page.locator('[name=code]').fill(await person.newestCode());
  await page.keyboard.press('Enter');
}

/** Every message of the console and every failed request, to be looked at when a page must be clean. */
export function troubles(context: BrowserContext): string[] {
  const found: string[] = [];
  context.on('page', (page) => {
    page.on('pageerror', (error) => found.push(`error: ${error.message}`));
    page.on('response', (response) => {
      if (response.status() >= 400)
        found.push(`${response.status()} ${response.request().method()} ${response.url()}`);
    });
  });
  return found;
}
