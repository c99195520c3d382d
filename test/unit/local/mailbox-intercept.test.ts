import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { createMailboxIntercept } from '../../../local/mailbox/mailbox-intercept.ts';
import { linkedText } from '../../../local/mailbox/linked-text.ts';
import { emailAddress } from '../../../shared/email/email-address.ts';
import { createMailboxEmailSender } from '../../../shared/email/mailbox-email-sender.ts';
import { attributes, elements } from '../pages/read-html.ts';

let folder: string;
let server: Server;
let now = Date.UTC(2026, 10, 21, 7, 12);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailbox-'));
  const intercept = createMailboxIntercept({ folder, publicOrigin: 'https://bridge.example' });
  server = createServer((incoming, response) => {
    if (!intercept(incoming, response)) response.writeHead(418).end('passed on');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  server.close();
  await rm(folder, { recursive: true, force: true });
});

async function get(path: string, headers: Record<string, string> = {}, method = 'GET') {
  const { port } = server.address() as AddressInfo;
  const outgoing = request({
    host: '127.0.0.1',
    port,
    path,
    method,
    headers: { host: `localhost:${port}`, ...headers },
    agent: false,
  });
  outgoing.end();
  const [response] = (await once(outgoing, 'response')) as [
    AsyncIterable<Buffer> & { statusCode: number; headers: IncomingHttpHeaders },
  ];
  let body = '';
  for await (const chunk of response) body += chunk.toString();
  return { status: response.statusCode, headers: response.headers, body };
}

const json = { accept: 'application/json' };

async function send(subject: string, text = 'Open https://bridge.example/x.', html = '<p>Hi</p>') {
  now += 1000;
  await createMailboxEmailSender({ folder, from: 'no-reply@bridge.example', clock: { now: () => now } }).send(
    {
      operationId: `op-${now}`,
      to: emailAddress('ann@example.com'),
      subject,
      text,
      html,
    },
  );
}

interface Mail {
  readonly id: string;
  readonly subject: string;
}
const mails = async () => JSON.parse((await get('/.local/mail', json)).body) as Mail[];

describe('the mailbox at /.local/mail', () => {
  it('is empty at first, and says what to do', async () => {
    expect(await mails()).toEqual([]);
    const { status, headers, body } = await get('/.local/mail', { accept: 'text/html,*/*' });
    expect(status).toBe(200);
    expect(headers['content-type']).toContain('text/html');
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(body).toContain('No mail yet');
    expect((await get(attributes(body, 'href').find((href) => href.endsWith('.css')) ?? '')).status).toBe(
      200,
    );
  });

  it('lists the newest mail first, with exactly the agreed members', async () => {
    await send('first');
    await send('second');
    const list = await mails();
    expect(list.map(({ subject }) => subject)).toEqual(['second', 'first']);
    expect(Object.keys(list[0] ?? {}).sort()).toEqual(['date', 'html', 'id', 'subject', 'text', 'to']);
    const page = await get('/.local/mail');
    expect(page.body.indexOf('second')).toBeLessThan(page.body.indexOf('first'));
  });

  it('shows one mail with links to click, and its HTML in a frame that may do nothing', async () => {
    await send('hello', 'Open https://bridge.example/x.', '<script>evil()</script><p>Hi</p>');
    const id = (await mails())[0]?.id ?? '';
    const page = await get(`/.local/mail/${id}`);
    expect(attributes(page.body, 'href')).toContain('https://bridge.example/x');
    expect(page.body).not.toContain('evil');
    const frame = elements(page.body).find(({ tag }) => tag === 'iframe');
    expect(frame?.attributes.get('src')).toBe(`/.local/mail/${id}/html`);
    expect(frame?.attributes.get('sandbox')).not.toMatch(/allow-(scripts|same-origin)/);
    const html = await get(`/.local/mail/${id}/html`);
    expect(html.body).toContain('<p>Hi</p>');
    expect(html.headers['content-security-policy']).toMatch(
      /^sandbox (?!.*allow-(scripts|same-origin)).*default-src 'none'/,
    );
    expect(JSON.parse((await get(`/.local/mail/${id}`, json)).body)).toMatchObject({ id, subject: 'hello' });
  });

  it.each([
    ['/.local/mail/0'],
    [`/.local/mail/${'0'.repeat(32)}`],
    ['/.local/mail/..%2f..%2fsecrets'],
    ['/.local/mail/a/b/c'],
  ])('knows no %s', async (path) => {
    expect((await get(path)).status).toBe(404);
    expect((await get(path, json)).status).toBe(404);
  });

  it('can only be read', async () => {
    const { status, headers } = await get('/.local/mail', {}, 'POST');
    expect([status, headers.allow]).toEqual([405, 'GET, HEAD']);
    expect((await get('/.local/mail', {}, 'HEAD')).body).toBe('');
  });

  it.each([['127.0.0.1:7071'], ['localhost'], ['[::1]:7071'], ['bridge.example']])(
    'answers under the name %s',
    async (host) => {
      expect((await get('/.local/mail', { host, ...json })).status).toBe(200);
    },
  );

  it.each([['abc.localhost:7071'], ['evil.example'], ['localhost.evil.example'], ['localhost@evil.example']])(
    'passes on what comes under the name %s, such as a share’s or a stranger’s',
    async (host) => {
      await send('secret code');
      const { status, body } = await get('/.local/mail', { host, ...json });
      expect([status, body]).toEqual([418, 'passed on']);
    },
  );

  it.each([['/'], ['/.local'], ['/.local/mailbox'], ['/api/.local/mail'], ['//localhost/.local/mail']])(
    'leaves %s alone',
    async (path) => {
      expect((await get(path)).status).toBe(418);
    },
  );
});

describe('links in a text', () => {
  it.each([
    ['Open https://a.example/b?c=d#e.', ['https://a.example/b?c=d#e']],
    ['(http://localhost:7071/x), then <https://b.example>', ['http://localhost:7071/x', 'https://b.example']],
    ['javascript:alert(1) ftp://a.example https://', []],
  ])('in %j are found', (text, links) => {
    expect(linkedText(text).flatMap(({ link }) => link ?? [])).toEqual(links);
  });

  it('leave the text as it is', () => {
    const words = fc.array(
      fc.oneof(fc.constantFrom('https://', 'http://a.b', '.', ' ', '<', '"'), fc.string()),
    );
    fc.assert(
      fc.property(words, (parts) => {
        const text = parts.join('');
        expect(
          linkedText(text)
            .map((piece) => piece.text)
            .join(''),
        ).toBe(text);
      }),
    );
  });
});
