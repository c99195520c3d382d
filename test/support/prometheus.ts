import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { freePort } from '../../local/free-port.ts';
import { eventually } from '../../local/rehearsal/runtime.ts';
import { troubles } from './chromium.ts';

/** Debian's Prometheus, scraping itself every second. */
export async function startPrometheus(): Promise<{ origin: string; close(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'drawbridge-prometheus-'));
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  await writeFile(
    join(folder, 'prometheus.yml'),
    `global: { scrape_interval: 1s }\nscrape_configs:\n  - job_name: prometheus\n    static_configs: [{ targets: ['127.0.0.1:${port}'] }]\n`,
  );
  const child = spawn(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  );
  const failed = once(child, 'error').then(([error]) => {
    throw error;
  });
  failed.catch(() => {});
  await Promise.race([
    failed,
    eventually(async () => {
      const response = await fetch(`${origin}/api/v1/query?query=up`).catch(() => undefined);
      return response?.ok === true && (await response.text()).includes('"1"');
    }, 30),
  ]);
  return {
    origin,
    close: async () => {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** The dashboard to share: Debian's build serves the graph page here. */
export const graphPath = '/classic/graph?g0.expr=up&g0.tab=0&g0.range_input=1h';

/**
 * Opens the graph page on-prem, presses Execute some times, and keeps what it called as a HAR.
 * @returns the errors that the page has by itself
 */
export async function recordGraph(browser: Browser, origin: string, harFile: string): Promise<string[]> {
  const context = await browser.newContext({ recordHar: { path: harFile, content: 'omit' } });
  const found = troubles(context);
  const page = await context.newPage();
  await page.goto(origin + graphPath);
  for (let refresh = 0; refresh < 3; refresh++) {
    await page.locator('.graph_container, .graph svg').first().waitFor();
    await page.waitForTimeout(1200);
    await page.locator('input.execute_btn, button.execute_btn').first().click();
  }
  await page.waitForTimeout(500);
  await context.close();
  return found;
}
