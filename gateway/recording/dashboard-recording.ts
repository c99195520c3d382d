import type { Browser, Request } from 'playwright-core';
import { second, type Clock } from '../../shared/clock.ts';
import { GatewayError, wordsOf } from '../gateway-error.ts';
import type { RecordedRequest } from './recorded-request.ts';

export interface RecordingWish {
  readonly url: URL;
  /** How many times the dashboard is opened: two at least, so that what varies shows. */
  readonly rounds: number;
  /** Milliseconds that it stays open each time. */
  readonly stay: number;
  /** Sent to the application's own origin only: what makes a request the service user's. */
  readonly credentials: Readonly<Record<string, string>>;
  /** For an application with a certificate of its own making: a browser takes no authority from us. */
  readonly anyCertificate: boolean;
}

const nothingSent = { contentType: undefined, body: undefined };
const mostRequests = 20_000;
const patience = 30 * second;

/**
 * Opens a dashboard in a browser some times, and notes every request that it makes.
 * @param progress told what is under way, and what looks wrong
 * @throws GatewayError `upstream` when the page cannot be opened
 */
export async function recordDashboard(
  browser: Browser,
  clock: Clock,
  { url, rounds, stay, credentials, anyCertificate }: RecordingWish,
  progress: (line: string) => void,
): Promise<RecordedRequest[]> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    ignoreHTTPSErrors: anyCertificate,
    serviceWorkers: 'block',
  });
  const noted: { request: Request; startedAt: number }[] = [];
  const sockets = new Map<string, RecordedRequest>();
  try {
    if (Object.keys(credentials).length > 0) {
      await context.route(
        (asked) => asked.origin === url.origin,
        (route, request) => route.continue({ headers: { ...request.headers(), ...credentials } }),
      );
    }
    context.on('request', (request) => noted.push({ request, startedAt: clock.now() }));
    for (let round = 1; round <= rounds; round += 1) {
      progress(`Opening ${url.href} for ${stay / second} s (${round} of ${rounds})`);
      // A page of its own each time: a change of the fragment alone would load nothing.
      const page = await context.newPage();
      page.on('websocket', (socket) => {
        const address = socket.url();
        if (!sockets.has(address))
          progress(`It opens a WebSocket connection, which cannot be shared yet: ${address}`);
        sockets.set(address, {
          ...nothingSent,
          startedAt: clock.now(),
          method: 'GET',
          url: address,
          status: 101,
        });
      });
      const status = await page.goto(url.href, { timeout: patience, waitUntil: 'commit' }).then(
        (answer) => answer?.status() ?? 0,
        (error: unknown) => {
          const [why] = wordsOf(error).split('\n');
          throw new GatewayError('upstream', `The dashboard cannot be opened: ${why}`);
        },
      );
      // Some applications draw their pages under a 404, so this need not be wrong.
      if (status >= 400) progress(`The application answers with ${status}. Is ${url.href} right?`);
      await page.waitForTimeout(stay);
      await page.close();
      if (noted.length > mostRequests)
        throw new GatewayError('upstream', 'The dashboard makes more calls than an allowlist may hold.');
    }
    const requests = noted.flatMap(({ request, startedAt }) =>
      // What never leaves the browser, such as `data:`, is no call.
      /^https?:/.test(request.url()) ? [recorded(request, startedAt)] : [],
    );
    // Kept, so that whoever shares is told what will be missing.
    return [...requests, ...sockets.values()];
  } finally {
    await context.close();
  }
}

const recorded = (request: Request, startedAt: number): RecordedRequest => ({
  startedAt,
  method: request.method(),
  url: request.url(),
  contentType: request.headers()['content-type'],
  body: request.postDataBuffer()?.toString('utf8'),
  status: request.existingResponse()?.status() ?? 0,
});
