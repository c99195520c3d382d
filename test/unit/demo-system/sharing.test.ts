import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { formTokenIn, runHilltop, START, type RunningHilltop } from './running-hilltop.ts';
import { CONNECTED, startStandInGateway, type StandInGateway } from './stand-in-gateway.ts';

let gateway: StandInGateway;
let hilltop: RunningHilltop;
let cookie: string;
beforeEach(async () => {
  gateway = await startStandInGateway();
  gateway.status = CONNECTED;
  hilltop = await runHilltop(gateway);
  cookie = await hilltop.signIn();
});
afterEach(async () => {
  await hilltop.close();
  await gateway.close();
});

const path = '/dashboards/north/share';
const token = async (page = path) => formTokenIn((await hilltop.ask(page, { cookie })).text);
const share = async (form: Record<string, string>, headers: Record<string, string> = {}) =>
  hilltop.ask(path, { cookie, headers, form: { token: await token(), expiry: 'never', ...form } });
const press = async (button: string) => hilltop.ask(button, { cookie, form: { token: await token() } });
const sent = () => gateway.received.find(({ method, path: to }) => method === 'POST' && to === '/api/shares');

describe('a dashboard that changed since it was shared', () => {
  const changes = ['+ POST /api/values with the JSON {elementId: 104}', '- GET /old'];

  test('shows the difference when it is opened for sharing again, and changes nothing by itself', async () => {
    await share({ recipients: 'alice@example.com' });
    gateway.difference = changes;
    const page = await hilltop.ask(path, { cookie });
    expect(page.text).toContain('Changed since it was shared');
    expect(page.text).toContain('+ POST /api/values with the JSON {elementId: 104}');
    expect(page.text).toContain('alice@example.com');
    expect(gateway.difference).toEqual(changes);
    expect(gateway.received.filter(({ path: to }) => to.endsWith('/review'))).toMatchObject([
      { body: { dashboard: { id: 'north', items: ['101', '102', '103'] } } },
    ]);
  });

  test('is accepted as it was shown, and not once it has changed again', async () => {
    await share({ recipients: 'alice@example.com' });
    gateway.difference = changes;
    const form = { token: await token(), accept: changes.join() };
    gateway.difference = [...changes, '+ GET /more'];
    const late = await hilltop.ask(`${path}/shr-1/accept`, { cookie, form });
    expect([late.status, late.text]).toEqual([422, expect.stringContaining('Changed once more.')]);
    expect(late.text).toContain('+ GET /more');

    const now = { ...form, accept: gateway.difference.join() };
    expect((await hilltop.ask(`${path}/shr-1/accept`, { cookie, form: now })).status).toBe(303);
    expect((await hilltop.ask(path, { cookie })).text).not.toContain('Changed since it was shared');
  });

  test('is nothing to say of where it is the same, or the gateway is silent', async () => {
    await share({ recipients: 'alice@example.com' });
    expect((await hilltop.ask(path, { cookie })).text).not.toContain('Changed since it was shared');
    gateway.refusal = { status: 500, document: { title: 'Not now' } };
    expect((await hilltop.ask(path, { cookie })).status).toBe(200);
  });
});

describe('the share form', () => {
  test('hands the dashboard, the people and the calls to the gateway, and shows the link', async () => {
    const answer = await share({
      recipients: 'alice@example.com\r\nbob@example.com, alice@example.com',
      message: ' For tonight.\r\nThanks ',
      expiry: '7',
    });
    expect(answer.status).toBe(303);
    expect(sent()).toMatchObject({
      authorization: `Bearer ${gateway.key}`,
      body: {
        dashboard: {
          id: 'north',
          title: 'Transmitter site North',
          entryPath: '/dashboards/north',
          items: ['101', '102', '103'],
        },
        recipients: ['alice@example.com', 'bob@example.com'],
        message: 'For tonight.\nThanks',
        expiresAt: new Date(START + 7 * 86_400_000).toISOString(),
        sharedBy: { name: 'admin' },
      },
    });
    const offered = (await hilltop.ask('/api/dashboards/north', { cookie })).json as { calls: unknown };
    expect((sent()?.body as { calls: unknown }).calls).toEqual(offered.calls);
    const result = await hilltop.ask(answer.headers.get('location') ?? '', { cookie });
    expect(result.text).toContain('http://shr-1.localhost:7071/');
    expect(result.text).toContain('bob@example.com');
  });

  test('leaves out what is not filled in', async () => {
    await share({ recipients: 'alice@example.com', message: ' ' });
    expect(sent()?.body).not.toHaveProperty('message');
    expect(sent()?.body).not.toHaveProperty('expiresAt');
  });

  test('counts the last day whole', async () => {
    await share({ recipients: 'alice@example.com', expiry: 'date', date: '2026-03-01' });
    expect(sent()?.body).toMatchObject({ expiresAt: '2026-03-02T00:00:00.000Z' });
  });

  test.each([
    ['no recipient', { recipients: ' \n ' }, 'at least one'],
    ['what is no address', { recipients: 'alice@example.com, bob' }, '“bob” is not an e-mail address'],
    [
      '101 recipients',
      { recipients: Array.from({ length: 101 }, (_, n) => `p${n}@example.com`).join('\n') },
      '100',
    ],
    ['a day in the past', { recipients: 'a@example.com', expiry: 'date', date: '2026-02-28' }, 'in the past'],
    ['no day', { recipients: 'a@example.com', expiry: 'date', date: '' }, 'Choose the last day'],
    ['an unknown end', { recipients: 'a@example.com', expiry: '-5' }, 'Choose when'],
  ])('is shown again with %s, and nothing is sent', async (_, form, words) => {
    const answer = await share({ message: 'Keep <me>', ...form });
    expect(answer.status).toBe(422);
    expect(answer.text).toContain(words);
    expect(answer.text).toContain('Keep &lt;me>');
    expect(sent()).toBeUndefined();
  });

  test("shows the gateway's refusal with its fields, and keeps what was filled in", async () => {
    gateway.refusal = {
      status: 400,
      document: {
        detail: 'A recipient is not allowed.',
        errors: [{ field: 'recipients.0', detail: 'Policy allows example.org only.' }],
      },
    };
    const { status, text } = await share({ recipients: 'alice@example.com' });
    expect(status).toBe(422);
    expect(text).toContain('A recipient is not allowed.');
    expect(text).toContain('<code>recipients.0</code> Policy allows example.org only.');
    expect(text).toMatch(/<textarea id="recipients"[^>]*aria-invalid="true"[^>]*>alice@example.com/);
  });

  test('says so when the gateway is not there, and the dashboard goes on', async () => {
    await gateway.close();
    const { status, text } = await share({ recipients: 'alice@example.com' });
    expect(status).toBe(422);
    expect(text).toContain('The gateway program cannot be asked. Nothing listens at its address.');
    expect((await hilltop.ask('/dashboards/north', { cookie })).status).toBe(200);
  });

  test('warns before anything is filled in when the system is not connected', async () => {
    expect((await hilltop.ask(path, { cookie })).text).not.toContain('does not work now');
    gateway.status = { state: 'not-connected' };
    expect((await hilltop.ask(path, { cookie })).text).toContain(
      'This system is not connected to the cloud.',
    );
  });

  test.each([
    ['without its token', { token: '' }, {}],
    ['from another site', {}, { origin: 'https://evil.example' }],
    ['from a page without origin', {}, { origin: 'null' }],
  ])('is refused %s', async (_, form, headers) => {
    const answer = await share({ recipients: 'alice@example.com', ...form }, headers);
    expect(answer.status).toBe(403);
    expect(sent()).toBeUndefined();
  });

  test("is refused with another session's token", async () => {
    const stolen = await token();
    cookie = await hilltop.signIn();
    expect((await share({ recipients: 'alice@example.com', token: stolen })).status).toBe(403);
  });
});

describe('the sharing page', () => {
  const page = async () => (await hilltop.ask('/sharing', { cookie })).text;

  test('leads from not connected over the code to connected', async () => {
    gateway.status = { state: 'not-connected' };
    expect(await page()).toContain('Connect to the cloud');
    expect((await press('/sharing/connect')).headers.get('location')).toBe('/sharing');
    const pending = await page();
    expect(pending).toContain('<meta http-equiv="refresh" content="2"/>');
    expect(pending).toContain('WDJB-MJHT');
    expect(pending).toContain('href="http://localhost:7071/connect?user_code=WDJB-MJHT"');
    gateway.status = CONNECTED;
    const connected = await page();
    expect(connected).not.toContain('http-equiv="refresh"');
    expect(connected).toContain('Example Broadcast');
  });

  test('lists shares with their people, and stops one', async () => {
    await share({ recipients: 'alice@example.com' });
    const listed = await page();
    expect(listed).toContain('alice@example.com');
    expect(listed).toContain('action="/sharing/shares/shr-1/stop"');
    expect((await press('/sharing/shares/shr-1/stop')).status).toBe(303);
    expect(gateway.shares).toEqual([]);
    expect(await page()).toContain('Nothing is shared.');
  });

  test('disconnects after a confirmation only', async () => {
    const confirmation = await hilltop.ask('/sharing/disconnect', { cookie });
    expect(confirmation.text).toContain('Disconnect from the cloud?');
    expect(gateway.status).toBe(CONNECTED);
    expect((await press('/sharing/disconnect')).status).toBe(303);
    expect(gateway.status).toEqual({ state: 'not-connected' });
  });

  test('offers to connect again when the credentials have expired', async () => {
    gateway.status = { state: 'expired', problem: 'A refresh key was used twice.' };
    const text = await page();
    expect(text).toContain('A refresh key was used twice.');
    expect(text).toContain('Connect to the cloud');
  });

  test('says why a button did not work', async () => {
    gateway.refusal = {
      status: 409,
      document: { title: 'Conflict', detail: 'Another approval is under way.' },
    };
    expect((await press('/sharing/connect')).text).toContain('Another approval is under way.');
  });

  test('says plainly when the gateway is away or talks nonsense', async () => {
    gateway.status = { state: 'dreaming' };
    expect(await page()).toContain('in a way that this version of Hilltop does not understand');
    await gateway.close();
    expect(await page()).toContain('Nothing listens at its address.');
  });

  test('never links to what is no web address', async () => {
    gateway.status = {
      state: 'pending',
      pending: {
        verificationUri: 'javascript:alert(1)',
        userCode: 'WDJB-MJHT',
        expiresAt: '2026-03-01T12:15:00Z',
      },
    };
    expect(await page()).not.toContain('javascript:');
  });
});

test('without a gateway set up, the pages say that nothing can be shared', async () => {
  const alone = await runHilltop();
  try {
    const own = await alone.signIn();
    expect((await alone.ask('/sharing', { cookie: own })).text).toContain('No gateway program is set up');
    expect((await alone.ask(path, { cookie: own })).text).toContain('No gateway program is set up');
  } finally {
    await alone.close();
  }
});

test('a gateway that writes its key later is found without a restart', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hilltop-key-'));
  const keyFile = join(folder, 'console.key');
  const early = await runHilltop({ url: gateway.url, keyFile });
  try {
    const own = await early.signIn();
    expect((await early.ask('/sharing', { cookie: own })).text).toContain('Its key is not there yet.');
    await writeFile(keyFile, `${gateway.key}\n`);
    expect((await early.ask('/sharing', { cookie: own })).text).toContain('Example Broadcast');
  } finally {
    await early.close();
    await rm(folder, { recursive: true });
  }
});
