import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { troubles } from '../chromium.ts';
import { startProgram } from './program.ts';

/**
 * Debian's Prometheus, scraping itself every second.
 * @param queryLog file to which it writes each query that it executes, as JSON lines
 */
export const startPrometheus = (queryLog?: string) =>
  startProgram(
    'prometheus',
    async ({ folder, port }) => {
      await writeFile(
        join(folder, 'prometheus.yml'),
        `global:\n  scrape_interval: 1s\n${queryLog === undefined ? '' : `  query_log_file: ${queryLog}\n`}scrape_configs:\n  - job_name: prometheus\n    static_configs: [{ targets: ['127.0.0.1:${port}'] }]\n`,
      );
      return {
        command: 'prometheus',
        args: [
          `--config.file=${join(folder, 'prometheus.yml')}`,
          `--storage.tsdb.path=${join(folder, 'data')}`,
          `--web.listen-address=127.0.0.1:${port}`,
        ],
      };
    },
    async (origin) => {
      const response = await fetch(`${origin}/api/v1/query?query=up`);
      return response.ok && (await response.text()).includes('"1"');
    },
  );

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
