import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { connectGateway, Gateway } from '../../local/rehearsal/gateway-program.ts';
import { Person } from '../../local/rehearsal/person.ts';
import { eventually, Runtime } from '../../local/rehearsal/runtime.ts';
import { launchChromium, signInWith } from '../support/chromium.ts';

/** An application that pushes: events, calls that it holds, and more than anybody reads. */
function startPushing() {
  const seen = { lastEventIds: [] as (string | undefined)[], written: 0, events: 0, gone: 0 };
  const held: (() => void)[] = [];
  const block = Buffer.alloc(64 * 1024, 'b');
  const server: Server = createServer((request, response) => {
    if (request.url === '/events') {
      const last = request.headers['last-event-id'];
      seen.lastEventIds.push(typeof last === 'string' ? last : undefined);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('retry: 50\n\n');
      let id = Number(last ?? 0);
      const timer = setInterval(() => {
        response.write(`id: ${++id}\ndata: value ${id}\n\n`);
        seen.events++;
        if (id !== 3) return;
        // As an application that restarts, a little after it spoke.
        clearInterval(timer);
        setTimeout(() => response.destroy(), 200);
      }, 20);
      response.once('close', () => {
        clearInterval(timer);
        seen.gone++;
      });
    } else if (request.url === '/poll') {
      held.push(() => response.end('news'));
    } else if (request.url === '/flood') {
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      const write = () => {
        while (!response.destroyed) {
          seen.written += block.length;
          if (!response.write(block)) break;
        }
      };
      response.on('drain', write);
      response.once('close', () => seen.gone++);
      write();
    } else {
      response.writeHead(200, { 'content-type': 'text/html' });
      const live =
        request.url === '/live' ? '<script>new WebSocket(`ws://${location.host}/socket`)</script>' : '';
      response.end(`<!doctype html><title>Live</title><h1>Live</h1>${live}`);
    }
  }).listen(0, '127.0.0.1');
  return { server, seen, held };
}

describe('live updates through a share', () => {
  let browser: Browser;
  let application: ReturnType<typeof startPushing>;
  let runtime: Runtime;
  let gateway: Gateway;
  let page: Page;
  let share: { id: string; url: string };
  const guestEmail = 'guest@partner.example';

  beforeAll(async () => {
    browser = await launchChromium();
    application = startPushing();
    await once(application.server, 'listening');
    const { port } = application.server.address() as AddressInfo;
    runtime = await Runtime.start();
    gateway = await Gateway.at(runtime, `http://127.0.0.1:${port}`);
    await connectGateway(runtime, gateway, new Person(runtime, 'owner@plant.example'), {
      organizationName: 'Plant Ltd',
      organizationSlug: 'plant',
      systemName: 'Plant',
      systemSlug: 'plant-1',
    });
    await gateway.run();
    const calls = join(runtime.dataDir, 'calls.json');
    const paths = ['/', '/events', '/poll', '/flood'];
    await writeFile(calls, JSON.stringify(paths.map((path) => ({ method: 'GET', path }))));
    const made = await gateway.cli(
      ...['share', '--dashboard', 'live', '--title', 'Live', '--path', '/', '--to', guestEmail],
      ...['--calls', calls, '--yes', '--json'],
    );
    expect([made.code, made.stderr]).toEqual([0, expect.any(String)]);
    share = JSON.parse(made.stdout) as typeof share;
    page = await (await browser.newContext()).newPage();
    await page.goto(`${runtime.origin}/invitations/${share.id}`);
    await signInWith(page, new Person(runtime, guestEmail));
    await page.waitForURL(`${share.url}**`);
  });

  afterAll(async () => {
    await gateway?.stop();
    await runtime?.stop();
    application?.server.closeAllConnections();
    application?.server.close();
    await browser?.close();
  });

  it('shows each event of an EventSource as it comes, and goes on after a break where it was', async () => {
    const values = await page.evaluate(
      () =>
        new Promise<string[]>((resolve) => {
          const found: string[] = [];
          const source = new EventSource('/events');
          source.onmessage = ({ data }) => {
            found.push(String(data));
            if (found.length < 6) return;
            source.close();
            resolve(found);
          };
        }),
    );
    expect(values).toEqual([1, 2, 3, 4, 5, 6].map((id) => `value ${id}`));
    // WHATWG HTML section 9.2.3: the browser says which event it saw last.
    expect(application.seen.lastEventIds).toEqual([undefined, '3']);
    // Closed in the browser, it ends at the application.
    await eventually(() => Promise.resolve(application.seen.gone === 2));
  });

  it('holds a long poll until the application has news, while others are answered', async () => {
    const polled = page.evaluate(() => fetch('/poll').then((response) => response.text()));
    await eventually(() => Promise.resolve(application.held.length === 1));
    expect(await page.evaluate(() => fetch('/').then((response) => response.status))).toBe(200);
    application.held[0]?.();
    expect(await polled).toBe('news');
  });

  it('lets the application write no faster than the viewer reads, and no more once it is gone', async () => {
    const { host, port } = new URL(share.url);
    const [cookie] = await page.context().cookies(share.url);
    const headers = { host, cookie: `${cookie?.name}=${cookie?.value}` };
    const request = get({ host: '127.0.0.1', port, path: '/flood', headers });
    request.on('error', () => {});
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(200);
    response.on('error', () => {});
    response.pause();
    const { seen } = application;
    // The buffers of every hop fill, and then nothing moves.
    let before = -1;
    await eventually(async () => {
      if (seen.written === before) return true;
      before = seen.written;
      await new Promise((resolve) => setTimeout(resolve, 500));
      return false;
    }, 30);
    expect(seen.written).toBeLessThan(64 * 1024 * 1024);
    const stalled = seen.written;
    response.resume();
    await eventually(() => Promise.resolve(seen.written > 2 * stalled));
    const gone = seen.gone;
    request.destroy();
    await eventually(() => Promise.resolve(seen.gone > gone));
  });

  it('tells who records a dashboard that its WebSocket cannot be shared', async () => {
    const { port } = application.server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/live`;
    const file = join(runtime.dataDir, 'live.har');
    const recorded = await gateway.cli('record', url, '--out', file, '--seconds', '1');
    expect(recorded.stdout + recorded.stderr).toContain('WebSocket connection, which cannot be shared yet');
    const made = await gateway.cli(
      ...['share', '--dashboard', 'socket', '--path', '/live', '--to', guestEmail, '--har', file, '--yes'],
    );
    expect(made.code).toBe(0);
    expect(made.stdout + made.stderr).toContain('WebSocket connections cannot be shared yet');
  });
});
