import { readFile } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { connectGateway, Gateway } from './rehearsal/gateway-program.ts';
import { Person, type Answer, type Sending } from './rehearsal/person.ts';
import { Runtime } from './rehearsal/runtime.ts';

const usage = `npm run demo [-- --upstream URL --har FILE]

The whole life of a share without a person: connect, share, e-mail, sign-in, live dashboard through the
tunnel, a refused call, revoke, the link dead. Without options it shows the demo system; with them, any
on-prem application, with the calls of a HAR recording of its dashboard.`;

/** One step that must hold; says how long it took. */
async function step<T>(what: string, act: () => Promise<T>): Promise<T> {
  const started = performance.now();
  try {
    const result = await act();
    process.stdout.write(`  ok      ${(performance.now() - started).toFixed(0).padStart(6)} ms  ${what}\n`);
    return result;
  } catch (error) {
    process.stdout.write(`  FAILED  ${(performance.now() - started).toFixed(0).padStart(6)} ms  ${what}\n`);
    throw error;
  }
}

function expectThat(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`Expected: ${what}`);
}

interface Subject {
  readonly gateway: Gateway;
  readonly shareArguments: readonly string[];
  /** Calls of the dashboard that must pass, and what must not. */
  readonly admitted: readonly Call[];
  readonly refused: readonly Call[];
}

interface Call {
  readonly path: string;
  readonly sending?: Sending;
}

const json = (body: unknown): Sending => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

async function demoSystem(runtime: Runtime): Promise<Subject> {
  return {
    gateway: Gateway.withConfig(`${runtime.dataDir}/drawbridge-gateway.json`, `${runtime.dataDir}/gateway`),
    shareArguments: ['--dashboard', 'north'],
    admitted: [
      {
        path: '/api/elements/values',
        sending: json({ elementId: 101, parameters: ['power', 'temperature'] }),
      },
    ],
    refused: [
      {
        path: '/api/elements/values',
        sending: json({ elementId: 201, parameters: ['power', 'temperature'] }),
      },
      { path: '/api/users' },
    ],
  };
}

/** The calls of a HAR, to be made again through the tunnel as the browser made them. */
async function anyApplication(runtime: Runtime, upstream: string, harFile: string): Promise<Subject> {
  const { log } = JSON.parse(await readFile(harFile, 'utf8')) as {
    log: {
      entries: { request: { method: string; url: string; postData?: { mimeType: string; text?: string } } }[];
    };
  };
  const own = log.entries.filter(({ request }) => new URL(request.url).origin === new URL(upstream).origin);
  expectThat(own.length > 0, `at least one call to ${upstream} in ${harFile}`);
  const calls: Call[] = own.map(({ request: { method, url, postData } }) => ({
    path: new URL(url).pathname + new URL(url).search,
    sending: {
      method,
      ...(postData?.text !== undefined && {
        headers: { 'content-type': postData.mimeType },
        body: postData.text,
      }),
    },
  }));
  const entry = calls[0]?.path ?? '/';
  return {
    gateway: await Gateway.at(runtime, upstream, 'demo'),
    shareArguments: ['--dashboard', 'demo', '--title', 'Demo dashboard', '--path', entry, '--har', harFile],
    admitted: calls.slice(0, 20),
    refused: [
      { path: '/not-in-the-recording' },
      { path: `${entry}${entry.includes('?') ? '&' : '?'}extra=1` },
    ],
  };
}

async function live(runtime: Runtime, subject: Subject): Promise<void> {
  const { gateway } = subject;
  const owner = new Person(runtime, 'owner@plant.example');
  const guest = new Person(runtime, 'guest@partner.example');
  const through = (share: { url: string }, { path, sending = {} }: Call): Promise<Answer> =>
    guest.send(new URL(path, share.url).href, {
      ...sending,
      headers: { origin: new URL(share.url).origin, ...sending.headers },
    });

  await step('connect: link and code, sign-in, organization, approval, token delivered', () =>
    connectGateway(runtime, gateway, owner, {
      organizationName: 'Plant Ltd',
      organizationSlug: 'plant',
      systemName: 'Monitoring North',
      systemSlug: 'north',
    }),
  );
  await step('run: the gateway holds its tunnel', () => gateway.tunnelUp());
  const share = await step('share: service user, allowlist, invitation', async () => {
    const made = await gateway.cli(
      'share',
      ...subject.shareArguments,
      '--to',
      guest.email,
      '--yes',
      '--json',
    );
    expectThat(made.code === 0, `share to succeed, not: ${made.stdout}${made.stderr}`);
    return JSON.parse(made.stdout) as { id: string; url: string };
  });
  await step('e-mail: the invitation is in the mailbox, with the link', async () => {
    const [mail] = await runtime.mails(guest.email);
    expectThat(mail?.text.includes(share.id) === true, 'an invitation with the link');
  });
  await step(
    'sign-in: the guest proves the address and sees the live dashboard through the tunnel',
    async () => {
      const signIn = await guest.open(`/invitations/${share.id}`);
      const dashboard = await guest.finishSignIn(signIn);
      expectThat(dashboard.status === 200, `the dashboard, not ${dashboard.status}`);
      expectThat(new URL(dashboard.url).host === new URL(share.url).host, "the share's own origin");
    },
  );
  await step(`live: ${subject.admitted.length} calls of the dashboard pass`, async () => {
    for (const call of subject.admitted) {
      const answer = await through(share, call);
      expectThat(
        answer.status < 400,
        `${call.path} to pass, not ${answer.status} ${answer.text.slice(0, 200)}`,
      );
    }
  });
  await step(`refused: ${subject.refused.length} other calls get 403, and the audit names them`, async () => {
    for (const call of subject.refused) {
      const answer = await through(share, call);
      expectThat(answer.status === 403, `${call.path} to be refused, not ${answer.status}`);
    }
    const audit = await owner.open('/organizations/plant/audit?action=request.refused');
    expectThat(audit.text.includes(guest.email), 'the refusal in the audit');
  });
  await step('another address: someone else who has the link is told so, and sees nothing', async () => {
    const stranger = new Person(runtime, 'stranger@elsewhere.example');
    await stranger.signIn();
    expectThat((await stranger.open(`/invitations/${share.id}`)).status === 403, '403 for another address');
  });
  await step('revoke: unshare, and an open session is dead within a second', async () => {
    const open = await openStream(guest, share);
    expectThat((await gateway.cli('unshare', share.id)).code === 0, 'unshare to succeed');
    const since = performance.now();
    await open?.ended;
    expectThat(performance.now() - since < 1000, 'the open stream cut within a second');
    expectThat(
      (await through(share, subject.admitted[0] ?? { path: '/' })).status >= 400,
      'the session dead',
    );
  });
  await step('the link is dead: its page says that the share has ended', async () => {
    const page = await guest.open(`/invitations/${share.id}`);
    expectThat(page.status === 410, `410, not ${page.status}`);
  });
  await step('disconnect: the credentials of the system die', async () => {
    expectThat((await gateway.cli('disconnect', '--yes')).code === 0, 'disconnect to succeed');
    expectThat((await gateway.cli('shares')).code === 3, 'no access any more');
  });
}

/** An event stream of the dashboard, if it has one: it must not outlive the share. */
async function openStream(
  guest: Person,
  share: { url: string },
): Promise<{ ended: Promise<unknown> } | undefined> {
  const { host, port } = new URL(share.url);
  const cookie = [...guest.cookies(host)].map(([name, value]) => `${name}=${value}`).join('; ');
  const request = get({
    host: '127.0.0.1',
    port,
    path: '/api/dashboards/north/events',
    headers: { host, cookie },
  });
  request.on('error', () => {});
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.on('error', () => {});
  response.resume();
  if (response.statusCode !== 200) return undefined;
  return { ended: new Promise((resolve) => response.once('close', resolve)) };
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { upstream: { type: 'string' }, har: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help || (values.upstream === undefined) !== (values.har === undefined)) {
    process.stdout.write(`${usage}\n`);
    return values.help ? 0 : 2;
  }
  const started = performance.now();
  const { upstream, har } = values;
  const runtime = await step('start: the one-machine runtime on free ports, in a folder of its own', () =>
    Runtime.start({ DEMO: upstream === undefined ? 'on' : 'off' }),
  );
  let gateway: Gateway | undefined;
  try {
    const subject =
      upstream !== undefined && har !== undefined
        ? await anyApplication(runtime, upstream, har)
        : await demoSystem(runtime);
    gateway = subject.gateway;
    await live(runtime, subject);
    process.stdout.write(`Every step held, in ${((performance.now() - started) / 1000).toFixed(1)} s.\n`);
    return 0;
  } catch (error) {
    process.stdout.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  } finally {
    await gateway?.stop();
    await runtime.stop();
  }
}

process.exitCode = await main();
