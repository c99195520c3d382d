import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createHttpClient, type HttpClient } from '../../../gateway/http-client.ts';
import type { OutwardSettings } from '../../../gateway/outward-agents.ts';
import { insecureAddress, isLoopbackHost } from '../../../gateway/service-origin.ts';
import { loopbackCertificate, loopbackKey } from '../email/loopback-certificate.ts';

const servers: Server[] = [];
const sockets: Socket[] = [];
const clients: HttpClient[] = [];

async function listening(server: Server): Promise<number> {
  server.on('connection', (socket: Socket) => sockets.push(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  servers.push(server);
  return (server.address() as AddressInfo).port;
}

const hello: RequestListener = (request, response) => {
  response.end(`${request.method} ${request.url} for ${request.headers.host}`);
};

function client(settings?: OutwardSettings): HttpClient {
  const made = createHttpClient(settings);
  clients.push(made);
  return made;
}

const get = (url: string, from = client(), timeout?: number) =>
  from.send({ method: 'GET', url: new URL(url), ...(timeout !== undefined && { timeout }) });

afterEach(async () => {
  clients.splice(0).forEach((each) => each.close());
  sockets.splice(0).forEach((socket) => socket.destroy());
  for (const server of servers.splice(0)) server.close();
});

describe('what is this machine', () => {
  it.each(['localhost', 'LOCALHOST', 'a.localhost', '127.0.0.1', '127.8.9.10', '::1', '[::1]'])(
    '%s is',
    (host) => {
      expect(isLoopbackHost(host)).toBe(true);
    },
  );

  it.each([
    'localhost.example',
    '127.0.0.1.example',
    'alocalhost',
    '10.0.0.1',
    '128.0.0.1',
    '[::2]',
    '',
    '0.0.0.0',
  ])('%j is not', (host) => {
    expect(isLoopbackHost(host)).toBe(false);
  });

  it.each<[string, RegExp | undefined]>([
    ['https://bridge.example', undefined],
    ['http://localhost:7071', undefined],
    ['http://shr2.localhost:7071', undefined],
    ['ws://127.0.0.1:7072', undefined],
    ['http://bridge.example', /https:\/\/bridge\.example/],
    ['ws://relay.example', /http is allowed only/],
    ['http://localhost.evil.example', /http is allowed only/],
    ['ftp://localhost', /ftp is not https/],
    ['file:///etc/passwd', /file is not https/],
  ])('so %s is %s', (address, words) => {
    const found = insecureAddress(new URL(address));
    if (words === undefined) expect(found).toBeUndefined();
    else expect(found).toMatch(words);
  });
});

describe('an exchange', () => {
  it('finds names below localhost on this machine, whatever the name server says', async () => {
    const port = await listening(createHttpServer(hello));
    expect((await get(`http://no-such-name.localhost:${port}/a?b`)).text).toBe(
      `GET /a?b for no-such-name.localhost:${port}`,
    );
  });

  it('follows no redirect', async () => {
    const port = await listening(
      createHttpServer((_, response) => response.writeHead(301, { location: '/there' }).end()),
    );
    expect(await get(`http://127.0.0.1:${port}/`)).toMatchObject({ status: 301, text: '' });
  });

  it('trusts an own authority, and no unknown one', async () => {
    const port = await listening(createHttpsServer({ cert: loopbackCertificate, key: loopbackKey }, hello));
    await expect(get(`https://127.0.0.1:${port}/`)).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('set caFile if that is meant') as string,
    });
    expect((await get(`https://127.0.0.1:${port}/`, client({ ca: loopbackCertificate }))).status).toBe(200);
  });

  it('speaks no TLS older than 1.2', async () => {
    const old = createHttpsServer(
      {
        cert: loopbackCertificate,
        key: loopbackKey,
        minVersion: 'TLSv1',
        maxVersion: 'TLSv1.1',
        ciphers: 'DEFAULT@SECLEVEL=0',
      },
      hello,
    );
    const port = await listening(old);
    await expect(
      get(`https://127.0.0.1:${port}/`, client({ ca: loopbackCertificate })),
    ).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('no TLS 1.2 or newer') as string,
    });
  });
});

describe('what goes wrong is said in words', () => {
  const silent = (socket: Socket) => socket.on('error', () => {});

  it.each<[string, () => Promise<string>, RegExp]>([
    [
      'nobody listens',
      async () => {
        const server = createTcpServer();
        const port = await listening(server);
        server.close();
        await once(server, 'close');
        return `http://127.0.0.1:${port}/`;
      },
      /nothing listens there/,
    ],
    [
      'the connection is cut',
      async () =>
        `http://127.0.0.1:${await listening(createTcpServer((socket) => silent(socket).destroy()))}/`,
      /hang up|cut/,
    ],
    [
      'no TLS is spoken',
      async () =>
        `https://127.0.0.1:${await listening(createTcpServer((socket) => silent(socket).end('HTTP/1.1 400 Bad\r\n\r\n')))}/`,
      /does not speak TLS/,
    ],
    [
      'the certificate is for another name',
      async () => {
        const port = await listening(
          createHttpsServer({ cert: loopbackCertificate, key: loopbackKey }, hello),
        );
        return `https://other.localhost:${port}/`;
      },
      /for another name/,
    ],
    [
      'the answer does not end',
      async () => {
        const endless = createHttpServer((_, response) => {
          const block = Buffer.alloc(65_536);
          const more = () => {
            while (!response.destroyed && response.write(block));
          };
          response.on('drain', more);
          more();
        });
        return `http://127.0.0.1:${await listening(endless)}/`;
      },
      /larger than 4 MiB/,
    ],
  ])('when %s', async (_, address, words) => {
    await expect(get(await address(), client({ ca: loopbackCertificate }))).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(words) as string,
    });
  });

  it('when no answer comes in time', async () => {
    const port = await listening(createTcpServer(silent));
    await expect(get(`http://127.0.0.1:${port}/`, client(), 50)).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('no answer within') as string,
    });
  });

  it('is the caller’s own doing when the caller gave up', async () => {
    const port = await listening(createTcpServer(silent));
    const stop = new AbortController();
    const sent = client().send({
      method: 'GET',
      url: new URL(`http://127.0.0.1:${port}/`),
      signal: stop.signal,
    });
    stop.abort(new Error('enough'));
    await expect(sent).rejects.toThrow('enough');
  });

  it('cuts what is under way when it closes, and sends nothing any more', async () => {
    const port = await listening(createTcpServer(silent));
    const closing = client();
    const sent = get(`http://127.0.0.1:${port}/`, closing);
    closing.close();
    await expect(sent).rejects.toMatchObject({ code: 'cancelled' });
    await expect(get(`http://127.0.0.1:${port}/`, closing)).rejects.toMatchObject({ code: 'cancelled' });
  });
});
