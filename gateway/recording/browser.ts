import { existsSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { GatewayError, wordsOf } from '../gateway-error.ts';

const usualPlaces = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/microsoft-edge',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
];

/**
 * Starts a headless Chromium, Chrome or Edge that is installed on this machine, without the services of it that
 * would look for the internet.
 * @param executable where it is; the usual places are tried when undefined
 * @throws GatewayError `usage` when there is none, or it does not start
 */
export async function launchBrowser(executable: string | undefined): Promise<Browser> {
  const executablePath = executable ?? usualPlaces.find((place) => existsSync(place));
  if (executablePath === undefined) {
    throw new GatewayError(
      'usage',
      'There is no Chromium, Chrome or Edge in the usual places. Name one with --browser FILE, or record the dashboard with the developer tools of any browser and give the recording to share --har.',
    );
  }
  const { chromium } = await import('playwright-core');
  try {
    return await chromium.launch({
      executablePath,
      args: [
        // Chromium refuses to run its sandbox for root.
        ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
        '--disable-gpu',
        '--disable-quic',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--no-first-run',
      ],
    });
  } catch (error) {
    throw new GatewayError('usage', `${executablePath} does not start: ${wordsOf(error).split('\n')[0]}`);
  }
}
