import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { connectGateway, Gateway } from '../../local/rehearsal/gateway-program.ts';
import { Person } from '../../local/rehearsal/person.ts';
import { Runtime } from '../../local/rehearsal/runtime.ts';
import { compileAllowlist } from '../../shared/allowlist/compile.ts';
import { decide } from '../../shared/allowlist/decide.ts';
import { parseHar } from '../../shared/allowlist/har.ts';
import { inferAllowlist } from '../../shared/allowlist/infer.ts';
import { startHawtio } from '../support/applications/hawtio.ts';
import { startNetdata } from '../support/applications/netdata.ts';
import type { Application } from '../support/applications/program.ts';
import { graphPath, startPrometheus } from '../support/applications/prometheus.ts';
import { createRabbitmqAdapter } from '../../gateway/adapters/rabbitmq-adapter.ts';
import { createHttpClient } from '../../gateway/http-client.ts';
import { administrator, askRabbitmq, startRabbitmq } from '../support/applications/rabbitmq.ts';
import { changeClock } from '../support/changed-clock.ts';
import { launchChromium, screenshot, signInWith } from '../support/chromium.ts';
import { mutationsOf } from '../unit/allowlist/mutations.ts';
import { requestsOf } from '../unit/allowlist/recording.ts';

interface Dashboard {
  readonly name: string;
  readonly start: () => Promise<Application>;
  readonly entryPath: string;
  /** What is answered anew at each refresh. */
  readonly live: RegExp;
  /** What people do with the page until it shows the dashboard. */
  readonly arrive?: (page: Page, who: 'owner' | 'guest') => Promise<void>;
  readonly adapter?: (origin: string, folder: string) => Promise<object>;
  readonly items?: readonly string[];
  /** Seconds that the dashboard stays open while it is recorded. */
  readonly seconds: number;
}

/** RabbitMQ's page asks for a name and a password whatever the gateway sends; the guest may type anything. */
async function signInToRabbitmq(page: Page, who: 'owner' | 'guest'): Promise<void> {
  if ((await page.locator('[name=username]').count()) === 0) return;
  const { name, password } = who === 'owner' ? watcher : { name: 'anyone', password: 'anything' };
  await page.locator('[name=username]').fill(name);
  await page.locator('[name=password]').fill(password);
  await page.keyboard.press('Enter');
}

const watcher = { name: 'watcher', password: 'of one virtual host' };

const dashboards: readonly Dashboard[] = [
  {
    name: 'Prometheus',
    start: startPrometheus,
    entryPath: graphPath,
    live: /\/api\/v1\/query_range/,
    seconds: 4,
  },
  {
    name: 'Netdata, with calls every second',
    start: startNetdata,
    entryPath: '/demo.html',
    live: /\/api\/v1\/data/,
    seconds: 8,
  },
  {
    name: 'Hawtio, with absolute paths, hashed assets and POST of JSON',
    start: startHawtio,
    entryPath: '/hawtio/runtime/metrics',
    live: /\/hawtio\/jolokia\//,
    seconds: 12,
  },
  {
    name: 'RabbitMQ, with users and permissions of its own',
    start: async () => {
      const rabbitmq = await startRabbitmq();
      const rights = { configure: '^$', write: '^$', read: '^$' };
      await askRabbitmq(rabbitmq.origin, 'PUT', `users/${watcher.name}`, {
        password: watcher.password,
        tags: 'management',
      });
      await askRabbitmq(rabbitmq.origin, 'PUT', `permissions/plant/${watcher.name}`, rights);
      return rabbitmq;
    },
    entryPath: '/',
    live: /\/api\/overview\?/,
    arrive: signInToRabbitmq,
    adapter: async (url, folder) => {
      const adminPasswordFile = join(folder, 'rabbitmq-password');
      await writeFile(adminPasswordFile, administrator.password, { mode: 0o600 });
      const settings = { url, adminName: administrator.name, adminPasswordFile };
      // Who may sign in to the gateway's console: its administrators, and not whoever may look.
      const http = createHttpClient({});
      const { verifyAdministrator } = createRabbitmqAdapter(settings, http);
      const signIns = [administrator, { ...administrator, password: 'wrong' }, watcher];
      const may = signIns.map(async ({ name, password }) => verifyAdministrator?.(name, password));
      expect(await Promise.all(may)).toEqual([true, false, false]);
      http.close();
      return { kind: 'rabbitmq', ...settings };
    },
    items: ['plant'],
    seconds: 12,
  },
];

/** What went wrong on a page, without where it was served from. */
function faultsOf(context: BrowserContext, origin: RegExp): string[] {
  const found: string[] = [];
  context.on('page', (page) => {
    page.on('pageerror', (error) => found.push(`error: ${error.message}`));
    page.on('response', (response) => {
      const url = new URL(response.url());
      if (response.status() >= 400 && origin.test(url.origin)) {
        found.push(`${response.status()} ${response.request().method()} ${url.pathname}`);
      }
    });
  });
  return found;
}

/** Records a dashboard as its owner does with the developer tools of a browser. */
async function recordByHand(browser: Browser, origin: string, dashboard: Dashboard, file: string) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    recordHar: { path: file, content: 'embed' },
  });
  for (let round = 0; round < 3; round += 1) {
    const page = await context.newPage();
    await page.goto(origin + dashboard.entryPath);
    await dashboard.arrive?.(page, 'owner');
    await page.waitForTimeout(dashboard.seconds * 1000);
    await page.close();
  }
  await context.close();
}

const refreshes = 50;
/** Long enough for every time in a call to be another, and for anything pinned by mistake to be wrong. */
const daysLater = 45;
const guestEmail = 'guest@partner.example';

describe.each(dashboards)('$name', (dashboard) => {
  let browser: Browser;
  let application: Application;
  let runtime: Runtime;
  let gateway: Gateway;
  let recording: string;
  let share: { id: string; url: string };
  let guest: BrowserContext;
  let faults: string[];
  let page: Page;
  let restoreClock = () => {};

  beforeAll(async () => {
    browser = await launchChromium();
    application = await dashboard.start();
  }, 180_000);

  afterAll(async () => {
    await gateway?.stop();
    await runtime?.stop();
    restoreClock();
    await browser?.close();
    await application?.close();
  });

  it('is shared from a recording', async () => {
    restoreClock = changeClock(daysLater);
    runtime = await Runtime.start();
    const adapter = await dashboard.adapter?.(application.origin, runtime.dataDir);
    gateway = await Gateway.at(runtime, application.origin, 'gateway-1', adapter);
    await connectGateway(runtime, gateway, new Person(runtime, 'owner@plant.example'), {
      organizationName: 'Plant Ltd',
      organizationSlug: 'plant',
      systemName: 'Plant',
      systemSlug: 'plant-1',
    });
    await gateway.run();

    // The recording is older than everything else by as many days.
    restoreClock();
    recording = join(runtime.dataDir, 'dashboard.har');
    if (dashboard.arrive) await recordByHand(browser, application.origin, dashboard, recording);
    else {
      const url = application.origin + dashboard.entryPath;
      const recorded = await gateway.cli(
        'record',
        url,
        '--out',
        recording,
        '--seconds',
        String(dashboard.seconds),
      );
      expect([recorded.code, recorded.stderr]).toEqual([0, expect.stringContaining('3 of 3')]);
    }
    restoreClock = changeClock(daysLater);
    const made = await gateway.cli(
      'share',
      ...['--dashboard', 'main', '--path', dashboard.entryPath, '--to', guestEmail, '--har', recording],
      ...(dashboard.items ?? []).flatMap((item) => ['--item', item]),
      ...['--yes', '--json'],
    );
    expect([made.code, made.stderr]).toEqual([0, expect.any(String)]);
    share = JSON.parse(made.stdout) as typeof share;
  }, 240_000);

  it(`works through the share for ${refreshes} refreshes, ${daysLater} days later, and nothing is refused`, async () => {
    const time = Date.now() + daysLater * 24 * 3_600_000;
    const own = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    await own.clock.install({ time });
    const onPrem = faultsOf(own, /127\.0\.0\.1/);
    const there = await own.newPage();
    await there.goto(application.origin + dashboard.entryPath);
    await dashboard.arrive?.(there, 'owner');
    await there.waitForTimeout(5000);
    await own.close();

    guest = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    await guest.clock.install({ time });
    page = await guest.newPage();
    await page.goto(`${runtime.origin}/invitations/${share.id}`);
    await signInWith(page, new Person(runtime, guestEmail));
    await page.waitForURL(`${share.url}**`);
    await dashboard.arrive?.(page, 'guest');
    faults = faultsOf(guest, /localhost/);
    const arrived = page;
    page = await guest.newPage();
    await arrived.close();
    const refused: string[] = [];
    page.on('response', (response) => {
      if (response.status() === 403) refused.push(`${response.request().method()} ${response.url()}`);
    });
    for (let refresh = 0; refresh < refreshes; refresh += 1) {
      const answered = page.waitForResponse((response) => dashboard.live.test(response.url()));
      await page.goto(share.url + dashboard.entryPath.slice(1), { waitUntil: 'commit' });
      const [answer] = await Promise.all([answered, dashboard.arrive?.(page, 'guest')]);
      expect([refresh, answer.status()]).toEqual([refresh, 200]);
    }
    await page.waitForTimeout(dashboard.seconds * 1000);
    await screenshot(page, `shared-${dashboard.name.split(',')[0]?.toLowerCase()}`);
    expect(refused).toEqual([]);
    // What is wrong with a page on its own network may be wrong here too, and nothing else.
    expect([...new Set(faults)].filter((fault) => !onPrem.includes(fault))).toEqual([]);
    await guest.close();
  }, 600_000);

  it('refuses every call in which one thing was changed', async () => {
    const har = parseHar(JSON.parse(await readFile(recording, 'utf8')));
    const { origin } = application;
    const { allowlist } = inferAllowlist({ hars: [har], origin, entryPath: dashboard.entryPath });
    const compiled = compileAllowlist(allowlist);
    const own = { entries: har.entries.filter(({ url }) => URL.parse(url)?.origin === origin) };
    // A long recording repeats itself; a few of each rule's calls are as good as all.
    const seen = new Map<string, number>();
    let mutants = 0;
    const admitted = requestsOf(own).flatMap(({ request, at }) => {
      const original = decide(compiled, request, at);
      if (!original.admitted) return [];
      const { ruleId } = original.call;
      seen.set(ruleId, (seen.get(ruleId) ?? 0) + 1);
      if ((seen.get(ruleId) ?? 0) > 3) return [];
      return mutationsOf(request).flatMap((mutation) => {
        mutants += 1;
        const verdict = decide(compiled, mutation.request, at);
        // Another rule's call is one that the dashboard makes as well.
        const same = verdict.admitted && verdict.call.ruleId === ruleId;
        return same ? [`${mutation.what}: ${mutation.request.method} ${mutation.request.target}`] : [];
      });
    });
    expect(admitted).toEqual([]);
    expect(mutants).toBeGreaterThan(200);
  });
});
