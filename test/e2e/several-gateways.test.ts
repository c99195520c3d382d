import { copyFile, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectGateway, Gateway } from '../../local/rehearsal/gateway-program.ts';
import { Person, type Answer } from '../../local/rehearsal/person.ts';
import { eventually, Runtime } from '../../local/rehearsal/runtime.ts';
import { northCalls, startOnPremApplication } from '../support/on-prem-application.ts';

/** Slow enough that something is under way whenever a gateway ends. */
const answerAfter = 150;

/** Two gateways of one system, as programs of their own; the steps build on each other. */
describe('two gateways of one system', () => {
  let runtime: Runtime;
  let application: Awaited<ReturnType<typeof startOnPremApplication>>;
  let first: Gateway;
  let second: Gateway;
  let owner: Person;
  let ann: Person;
  let share: { id: string; url: string };
  let systemId: string;

  const dashboard = () =>
    ann.send(new URL('/dashboards/north', share.url).href, { headers: { accept: 'text/html' } });

  /** Not idempotent by its method, so it is never sent twice to the application. */
  const value = () =>
    ann.send(new URL('/api/value', share.url).href, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: new URL(share.url).origin },
      body: JSON.stringify({ elementId: 101 }),
    });

  /** Watches again and again while something else happens. @returns what was not answered as it should be */
  async function watching(meanwhile: () => Promise<void>): Promise<{ seen: number; failed: Answer[] }> {
    let over = false;
    let seen = 0;
    const failed: Answer[] = [];
    const viewer = async () => {
      while (!over) {
        const answer = await dashboard();
        seen++;
        if (answer.status !== 200) failed.push(answer);
      }
    };
    const viewers = [viewer(), viewer(), viewer()];
    await meanwhile();
    over = true;
    await Promise.all(viewers);
    return { seen, failed };
  }

  const pageOfSystem = () => owner.open(`/systems/${systemId}`);
  const status = async (gateway: Gateway) =>
    JSON.parse((await gateway.cli('status', '--json')).stdout) as {
      state: string;
      problem?: string;
      pending?: { userCode: string; verificationUriComplete: string };
    };

  beforeAll(async () => {
    runtime = await Runtime.start();
    application = await startOnPremApplication(answerAfter);
    first = await Gateway.at(runtime, application.origin, 'first');
    second = await Gateway.at(runtime, application.origin, 'second');
    owner = new Person(runtime, 'olga@plant.example');
    ann = new Person(runtime, 'ann@guest.example');
    await connectGateway(runtime, first, owner, {
      organizationName: 'Plant Ltd',
      organizationSlug: 'plant',
      systemName: 'Monitoring North',
      systemSlug: 'north',
    });
    await first.run();
    const calls = join(runtime.dataDir, 'calls.json');
    await writeFile(calls, JSON.stringify(northCalls));
    const made = await first.cli(
      ...['share', '--dashboard', 'north', '--path', '/dashboards/north', '--to', ann.email],
      ...['--calls', calls, '--yes', '--json'],
    );
    share = JSON.parse(made.stdout) as typeof share;
    await ann.finishSignIn(await ann.open(`/invitations/${share.id}`));
  });

  afterAll(async () => {
    await first.stop();
    await second.stop();
    await application.close();
    expect(await runtime.stop()).toBe(0);
  });

  it('the second is approved as one more gateway, and takes up the share', async () => {
    await mkdir(second.stateDir, { recursive: true, mode: 0o700 });
    await copyFile(join(first.stateDir, 'seal.key'), join(second.stateDir, 'seal.key'));
    const connecting = second.connect();
    const page = await owner.open(await connecting.link);
    systemId = /<option value="(sys-[a-z0-9]+)"/.exec(page.text)?.[1] ?? '';
    const done = await owner.submit(page, '/connect/decide', {
      target: 'existing',
      existing: systemId,
      terms: 'accepted',
      decision: 'approve',
    });
    expect(done.text).toContain('Monitoring North');
    expect((await connecting.done).code).toBe(0);
    await second.run();
    await eventually(async () =>
      (await readdir(join(second.stateDir, 'shares')).catch((): string[] => [])).includes(`${share.id}.json`),
    );
    const { text } = await pageOfSystem();
    for (const name of ['first', 'second']) expect(text).toContain(`Remove gateway ${name}`);
    const listed = await first.cli('gateways', '--json');
    expect(JSON.parse(listed.stdout)).toMatchObject({
      gateways: [
        { name: 'first', self: true },
        { name: 'second', self: false },
      ],
    });
  });

  it('one is killed: requests go on', async () => {
    const { seen, failed } = await watching(async () => {
      await eventually(async () => (await dashboard()).status === 200);
      await first.stop('SIGKILL');
      for (let n = 0; n < 20; n++) await dashboard();
    });
    expect(seen).toBeGreaterThan(20);
    expect(failed).toEqual([]);
    await first.run();
  });

  it('a rolling restart of both fails no request', async () => {
    const { seen, failed } = await watching(async () => {
      for (const gateway of [first, second, first]) {
        await gateway.stop('SIGTERM');
        await gateway.run();
      }
    });
    expect(seen).toBeGreaterThan(10);
    expect(failed).toEqual([]);
  });

  it('who is told to end finishes what is under way, also what could not be sent twice', async () => {
    application.seen.length = 0;
    const answer = value();
    await eventually(async () => application.seen.some((line) => line.startsWith('POST')));
    await Promise.all([first.stop('SIGTERM'), second.stop('SIGTERM')]);
    expect((await answer).status).toBe(200);
    expect(application.seen.filter((line) => line.startsWith('POST'))).toHaveLength(1);
    await Promise.all([first.run(), second.run()]);
  });

  it('one is removed in the portal: it hears so in words, the other serves on', async () => {
    const page = await pageOfSystem();
    const [, path = ''] = /href="([^"]+\/remove)" aria-label="Remove gateway first"/.exec(page.text) ?? [];
    const done = await owner.submit(await owner.open(path), path, {});
    expect(done.text).not.toContain('Remove gateway first');
    const told = await first.cli('shares');
    expect(told.code).toBe(3);
    expect(told.stderr).toMatch(
      /no longer belongs to the system Monitoring North.*removed by olga@plant\.example/,
    );
    await eventually(async () => (await readdir(join(first.stateDir, 'shares'))).length === 0);
    expect((await status(first)).pending).toBeUndefined();
    const { failed } = await watching(async () => {
      for (let n = 0; n < 10; n++) await dashboard();
    });
    expect(failed).toEqual([]);
  });

  it('the machine is put back to an older snapshot: it asks by itself, an approval brings it and its share back', async () => {
    const snapshot = await second.credentials();
    const renew = (refreshToken: string) =>
      ann.send(`${runtime.origin}/oauth/token`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({
          client_id: 'drawbridge-gateway',
          grant_type: 'refresh_token',
          refresh_token: refreshToken,
        }).toString(),
      });
    // What the machine did after the snapshot, and has now forgotten.
    const later = JSON.parse((await renew(snapshot.refreshToken)).text) as { access_token: string };
    await ann.send(`${runtime.origin}/api/system`, {
      headers: { authorization: `Bearer ${later.access_token}` },
    });
    expect(JSON.parse((await renew(snapshot.refreshToken)).text)).toMatchObject({ error_code: 'reused' });
    expect((await second.cli('shares')).code).toBe(3);

    const asking = await eventually(async () => {
      const now = await status(second);
      return now.pending && now;
    });
    expect(asking.problem).toContain('approve it again in the portal');
    const code = asking.pending?.userCode ?? '';
    for (const page of [await owner.open('/'), await pageOfSystem()]) {
      expect(page.text).toContain('A gateway asks to be connected again');
      expect(page.text).toContain(code);
    }
    const review = await owner.open(`/connect?user_code=${code}`);
    expect(review.text).toMatch(/used by two parties/);
    const done = await owner.submit(review, '/connect/decide', { decision: 'approve' });
    expect(done.text).toContain('Monitoring North is connected');
    await eventually(async () => (await status(second)).state === 'connected', 30);
    await eventually(async () => (await dashboard()).status === 200, 30);
  });

  it('the system is disconnected in the portal while the gateway is off: it hears by whom when it is back', async () => {
    await second.stop();
    const gone = await owner.submit(await pageOfSystem(), '/disconnect', { confirm: 'Monitoring North' });
    expect(gone.status).toBe(200);
    expect((await ann.open(share.url)).status).toBe(410);
    const told = await second.cli('shares');
    expect(told.code).toBe(3);
    expect(told.stderr).toMatch(
      /no longer exists.*disconnected by olga@plant\.example on .*UTC.*Run `connect`/,
    );
    expect((await runtime.mails('olga@plant.example')).map(({ subject }) => subject)).toContain(
      'Monitoring North was disconnected',
    );
    const ended = JSON.parse(await readFile(join(second.stateDir, 'credentials.json'), 'utf8')) as object;
    expect(ended).toMatchObject({ state: 'deleted', reason: 'system_deleted' });
    expect(ended).not.toHaveProperty('refreshToken');
  });
});

describe('a gateway that is disconnected while the service cannot be reached', () => {
  it('shows nothing any more at once, and tells the service when it is back; the owners hear of it', async () => {
    const runtime = await Runtime.start();
    const application = await startOnPremApplication();
    const gateway = await Gateway.at(runtime, application.origin, 'lone');
    const owner = new Person(runtime, 'olga@plant.example');
    await connectGateway(runtime, gateway, owner, {
      organizationName: 'Plant Ltd',
      organizationSlug: 'plant',
      systemName: 'Monitoring North',
      systemSlug: 'north',
    });
    await runtime.kill();
    const disconnected = await gateway.cli('disconnect', '--yes');
    expect(disconnected.code).toBe(0);
    expect(disconnected.stderr).toContain('will hear of it when it can be reached');
    expect(JSON.parse((await gateway.cli('status', '--json')).stdout)).toMatchObject({
      state: 'disconnecting',
    });
    await runtime.restart();
    // It holds no tunnel, so that nobody waits for one.
    const running = gateway.run().catch(() => {});
    await eventually(async () =>
      (await runtime.mails('olga@plant.example')).some(
        ({ subject, text }) =>
          subject === 'Monitoring North was disconnected' && text.includes('its gateway lone'),
      ),
    );
    expect((await owner.open('/')).text).not.toContain('Monitoring North');
    await eventually(
      async () =>
        (JSON.parse((await gateway.cli('status', '--json')).stdout) as { state: string }).state ===
        'not-connected',
    );
    await gateway.stop();
    await running;
    await application.close();
    expect(await runtime.stop()).toBe(0);
  });
});
