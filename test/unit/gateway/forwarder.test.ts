import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createHilltopAdapter } from '../../../gateway/adapters/hilltop-adapter.ts';
import { createApplicationReach } from '../../../gateway/forward/application-reach.ts';
import { createForwarder } from '../../../gateway/forward/forwarder.ts';
import { createUpstream, type Upstream } from '../../../gateway/forward/upstream.ts';
import { createWatchers, type Watchers } from '../../../gateway/forward/watchers.ts';
import { createHttpClient } from '../../../gateway/http-client.ts';
import { createSeal, type Seal } from '../../../gateway/shares/seal.ts';
import {
  shareRecordFiles,
  type ShareRecord,
  type ShareRecords,
} from '../../../gateway/shares/share-records.ts';
import type { RelayedRequest, RelayedResponse } from '../../../gateway/tunnel/listener.ts';
import { jsonLines } from '../../../shared/log.ts';
import { systemRandom } from '../../../shared/system-clock.ts';
import { until } from './gateway-process.ts';
import { stillTime } from './still-time.ts';
import { removeFolders, temporaryFolder } from './temporary-folder.ts';

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** What a gateway lets through to its application and back: a real application, real records on disk. */
describe('forwarding', () => {
  let folder: string;
  let server: Server;
  let address: URL;
  let seen: {
    method: string;
    url: string;
    headers: IncomingMessage['headers'];
    raw: string[];
    body: string;
  }[];
  let answer: Answer;
  let records: ShareRecords;
  let seal: Seal;
  let upstream: Upstream;
  let watchers: Watchers;
  let logged: string[];
  let forward: (request: RelayedRequest) => Promise<RelayedResponse>;

  const time = stillTime();

  const record: ShareRecord = {
    id: 'north-1',
    state: 'active',
    systemId: 'sys-1',
    dashboard: { id: 'north', title: 'North', entryPath: '/', items: [] },
    allowlist: {
      version: 1,
      rules: [
        { id: 'page', method: 'GET', path: [''] },
        { id: 'deep', method: 'GET', path: ['boards', 'north', 'view'] },
        {
          id: 'value',
          method: 'POST',
          path: ['api', 'value'],
          query: [{ name: 'site', value: 'a b' }],
          body: { kind: 'json', contentType: 'application/json', json: { object: { elementId: 101 } } },
        },
      ],
    },
    createdAt: time.clock.now(),
  };

  function start(origin: URL): void {
    upstream = createUpstream(origin);
    watchers = createWatchers(time.clock);
    const settings = { url: origin.href, adminName: 'admin', adminPasswordFile: join(folder, 'unread') };
    forward = createForwarder({
      records,
      adapter: createHilltopAdapter(settings, createHttpClient()),
      seal,
      upstream,
      upstreamAddress: origin,
      applicationReached: createApplicationReach(origin, time.clock),
      watchers,
      clock: time.clock,
      log: jsonLines(
        (line) => logged.push(line),
        () => '',
      ),
    });
  }

  beforeEach(async () => {
    folder = await temporaryFolder();
    records = shareRecordFiles(folder);
    seal = createSeal(folder, systemRandom);
    logged = [];
    seen = [];
    answer = (_, response) => response.end('plain');
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const { method = '', url = '', headers, rawHeaders } = request;
        seen.push({ method, url, headers, raw: rawHeaders, body });
        answer(request, response, body);
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    address = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    start(address);
    await records.write(record);
  });

  afterEach(async () => {
    upstream.close();
    server.closeAllConnections();
    server.close();
    await removeFolders();
  });

  interface Asking {
    readonly method?: string;
    readonly headers?: Record<string, string>;
    readonly body?: Readable | string;
    readonly signal?: AbortSignal;
  }

  function ask(target: string, { method = 'GET', headers = {}, body = '', signal }: Asking = {}) {
    const stream = typeof body === 'string' ? Readable.from(body === '' ? [] : [Buffer.from(body)]) : body;
    return forward({
      id: 'request-1',
      method,
      target,
      headers,
      body: stream,
      bodyLength: undefined,
      signal: signal ?? new AbortController().signal,
    });
  }

  async function textOf({ body }: RelayedResponse): Promise<string> {
    if (!(body instanceof Readable)) return Buffer.from(body ?? []).toString();
    let text = '';
    for await (const chunk of body) text += String(chunk);
    return text;
  }

  const value = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{ "elementId" : 101 }',
  };

  describe('asked how it is', () => {
    it('says whether the application can be connected to, and asks it nothing', async () => {
      const asked = () => ask('/presence/');
      expect((await asked()).headers).toEqual({ 'drawbridge-application': 'reached' });
      server.close();
      await once(server, 'close');
      // Known for five seconds.
      expect((await asked()).headers).toEqual({ 'drawbridge-application': 'reached' });
      time.pass(5000);
      expect((await asked()).headers).toEqual({ 'drawbridge-application': 'unreachable' });
      expect(seen).toEqual([]);
    });
  });

  describe('what goes in', () => {
    it('is written anew from what was judged: the application never sees the bytes that came', async () => {
      const given = await ask('/north-1/api/value?site=a%20%62', {
        ...value,
        headers: { 'content-type': 'application/json; charset=UTF-8' },
      });
      expect(given.status).toBe(200);
      expect(seen).toMatchObject([
        { method: 'POST', url: '/api/value?site=a%20b', body: '{"elementId":101}' },
      ]);
      expect(seen[0]?.headers).toMatchObject({ 'content-type': 'application/json', 'content-length': '17' });
    });

    it('has the host of the application, and of the headers only those that a dashboard needs', async () => {
      const wanted = {
        accept: 'text/html',
        'accept-language': 'de',
        'cache-control': 'no-cache',
        'if-match': '"a"',
        'if-modified-since': 'Sun, 01 Mar 2026 12:00:00 GMT',
        'if-none-match': '"a"',
        'if-range': '"a"',
        'last-event-id': '7',
        range: 'bytes=0-1',
      };
      const unwanted = {
        host: 'attacker.example',
        cookie: 'session=1',
        'content-type': 'application/json',
        authorization: 'Bearer viewer',
        origin: 'https://attacker.example',
        referer: 'https://attacker.example/',
        forwarded: 'for=1.2.3.4',
        'x-forwarded-for': '1.2.3.4',
        'x-http-method-override': 'DELETE',
        'x-original-url': '/api/users',
        'content-length': '7',
        'transfer-encoding': 'chunked',
        te: 'trailers',
        upgrade: 'websocket',
        'accept-encoding': 'gzip',
        'drawbridge-recipient': 'ann@guest.example',
      };
      expect((await ask('/north-1/', { headers: { ...wanted, ...unwanted } })).status).toBe(200);
      expect(seen[0]?.headers).toEqual({ ...wanted, host: address.host, connection: 'keep-alive' });
    });

    it('carries the service user of the share, and nobody else', async () => {
      const sealedPassword = await seal.seal('seventeen-letters', 'share-1');
      await records.write({ ...record, serviceUser: { name: 'share-1', sealedPassword } });
      await ask('/north-1/', { headers: { authorization: 'Basic of-the-viewer' } });
      const basic = Buffer.from('share-1:seventeen-letters').toString('base64');
      expect(seen[0]?.headers.authorization).toBe(`Basic ${basic}`);
      expect(logged.join()).not.toContain('seventeen');
    });

    it('a header that would break the line is not sent', async () => {
      const given = await ask('/north-1/', { headers: { accept: 'text/html\r\nx-injected: 1' } });
      expect(given.status).toBe(503);
      expect(seen).toEqual([]);
    });
  });

  describe('is refused before the application', () => {
    const refused = (name: string, target: string, asking: Asking = {}) => [name, target, asking] as const;

    it.each([
      refused('another path', '/north-1/api/users'),
      refused('another method', '/north-1/', { method: 'DELETE' }),
      refused('another value', '/north-1/api/value?site=a%20b', { ...value, body: '{"elementId":102}' }),
      refused('an extra member', '/north-1/api/value?site=a%20b', {
        ...value,
        body: '{"elementId":101,"all":true}',
      }),
      refused('an extra parameter', '/north-1/?all=1'),
      refused('a dot segment', '/north-1/../north-1/'),
      refused('an encoded separator', '/north-1/boards%2Fnorth/view'),
      refused('a body where there is none', '/north-1/', { body: 'x' }),
      refused('bytes that are no text', '/north-1/%ff'),
    ])('%s', async (_, target, asking) => {
      const { status, headers, body } = await ask(target, asking);
      expect(status).toBe(403);
      expect(body).toBeUndefined();
      const reason = headers['drawbridge-refusal'] ?? '';
      expect(reason).toMatch(/^[\x20-\x7e]{1,1000}$/);
      expect(JSON.parse(reason)).toMatchObject({
        code: expect.any(String) as string,
        difference: expect.any(String) as string,
      });
      expect(seen).toEqual([]);
    });

    it.each([
      ['a long one', 'x'.repeat(4000)],
      ['one beyond ASCII', '\u00e4\u2028\u{1f512}'.repeat(300)],
    ])('and the reason fits a header: %s', async (_, text) => {
      const { headers } = await ask(`/north-1/api/value?site=${encodeURIComponent(text)}`, value);
      expect(headers['drawbridge-refusal']).toMatch(/^[\x20-\x7e]{1,1000}$/);
      expect(JSON.parse(headers['drawbridge-refusal'] ?? '')).toHaveProperty('code');
    });

    it.each([
      ['a share that is not here', '/south-1/'],
      ['a share without a path', '/north-1'],
      ['a name that leads out of the folder', '/../credentials/'],
      ['no share', '/'],
    ])('404 for %s', async (_, target) => {
      expect(await ask(target)).toEqual({ status: 404, headers: { 'drawbridge-problem': 'unknown-share' } });
    });

    it('404 from the moment the record is ending or gone, and for one that is being made', async () => {
      expect((await ask('/north-1/')).status).toBe(200);
      await records.write({ ...record, state: 'ending' });
      expect((await ask('/north-1/')).status).toBe(404);
      await records.write(record);
      expect((await ask('/north-1/')).status).toBe(200);
      await records.remove('north-1');
      expect((await ask('/north-1/')).status).toBe(404);
      const order = { recipients: [], sharedBy: 'Olga' };
      await records.write({ ...record, id: 'making-1', state: 'making', order });
      expect((await ask('/making-1/')).status).toBe(404);
      expect(seen).toHaveLength(2);
    });

    it('a body of more than 1 MiB', async () => {
      const body = Readable.from(Array.from({ length: 17 }, () => Buffer.alloc(65_536, 32)));
      const given = await ask('/north-1/api/value?site=a%20b', { ...value, body });
      expect(given).toEqual({ status: 413, headers: { 'drawbridge-problem': 'body-too-large' } });
      expect(seen).toEqual([]);
    });

    it('a share whose password cannot be opened', async () => {
      const serviceUser = { name: 'share-1', sealedPassword: await seal.seal('password', 'share-2') };
      await records.write({ ...record, serviceUser });
      expect(await ask('/north-1/')).toEqual({
        status: 503,
        headers: { 'drawbridge-problem': 'share-unusable' },
      });
      expect(seen).toEqual([]);
    });

    it('a damaged record lets nothing through', async () => {
      await writeFile(join(folder, 'shares', 'north-1.json'), '{"id":"north-1","state":"act');
      expect((await ask('/north-1/')).status).toBe(404);
    });
  });

  describe('what comes out', () => {
    const passed = {
      'accept-ranges': 'bytes',
      'cache-control': 'no-store',
      'content-disposition': 'inline',
      'content-language': 'de',
      'content-security-policy': "default-src 'self'",
      'content-type': 'text/plain',
      etag: '"a"',
      expires: 'Sun, 01 Mar 2026 12:00:00 GMT',
      'last-modified': 'Sun, 01 Mar 2026 12:00:00 GMT',
      vary: 'accept',
      'x-content-type-options': 'nosniff',
    };
    it.each([
      ['Set-Cookie', { 'set-cookie': ['inner=secret', 'second=2'] }],
      ['the server and what made it', { server: 'OnPrem/1.0', 'x-powered-by': 'OnPrem', via: '1.1 inner' }],
      ['authentication', { 'www-authenticate': 'Basic realm="inner"', 'authentication-info': 'x' }],
      ['CORS', { 'access-control-allow-origin': '*', 'access-control-allow-credentials': 'true' }],
      ['what belongs to one connection', { 'keep-alive': 'timeout=5', upgrade: 'h2c', trailer: 'x-t' }],
      ['other addresses', { 'content-location': '/inner', link: '<http://inner/>', refresh: '0;url=/x' }],
      ['what speaks for a whole host', { 'strict-transport-security': 'max-age=1', 'clear-site-data': '*' }],
      ['what would pass for the gateway', { 'drawbridge-problem': 'x', 'drawbridge-refusal': 'x' }],
      ['a value beyond ASCII', { 'content-disposition': 'inline; filename="\u00e4"' }],
    ])('holds no %s', async (_, headers) => {
      answer = (_request, response) => response.writeHead(200, { ...passed, ...headers }).end('plain');
      const given = await ask('/north-1/');
      expect(Object.keys(given.headers)).not.toEqual(
        expect.arrayContaining([expect.stringMatching(new RegExp(`^(${Object.keys(headers).join('|')})$`))]),
      );
      expect(passed).toMatchObject(given.headers);
      expect(await textOf(given)).toBe('plain');
    });

    it('holds what a dashboard needs, and its length', async () => {
      answer = (_, response) => response.writeHead(200, { ...passed, 'content-length': 5 }).end('plain');
      expect((await ask('/north-1/')).headers).toEqual({ ...passed, 'content-length': '5' });
    });

    it.each([
      ['a path', '/next?a=1#b', '/next?a=1#b'],
      ['a path relative to the page', 'other', '/boards/north/other'],
      ['only a query', '?tab=2', '/boards/north/view?tab=2'],
      ['the application itself', 'SELF/next?a=1', '/next?a=1'],
      ['the application with a user', 'http://user:secret@HOST/next', '/next'],
      ['another host', 'http://other.example/next', undefined],
      ['another port', 'http://127.0.0.1:1/next', undefined],
      ['another scheme', 'https://HOST/next', undefined],
      ['another host without a scheme', '//other.example/next', undefined],
      ['another host behind a backslash', '/\\other.example/next', undefined],
      ['a path that reads as another host', 'SELF//other.example/next', undefined],
      ['a script', 'javascript:alert(1)', undefined],
      ['no address', 'http://', undefined],
    ])('Location: %s', async (_, location, path) => {
      const told = location.replace('SELF', address.origin).replace('HOST', address.host);
      answer = (_request, response) => response.writeHead(302, { location: told }).end();
      const given = await ask('/north-1/boards/north/view');
      if (path === undefined) {
        expect(given).toEqual({ status: 503, headers: { 'drawbridge-problem': 'redirect-elsewhere' } });
      } else {
        expect(given).toMatchObject({ status: 302, headers: { location: path } });
      }
      expect(JSON.stringify(given.headers)).not.toContain(address.host);
    });

    it.each([
      [200, 200, undefined],
      [304, 304, undefined],
      [401, 401, undefined],
      [404, 404, undefined],
      [500, 500, undefined],
      [503, 503, undefined],
      [502, 503, 'upstream-error'],
      [504, 503, 'upstream-error'],
      [799, 503, 'upstream-error'],
    ])('status %i of the application is told as %i', async (inner, outer, problem) => {
      answer = (_, response) => response.writeHead(inner).end();
      const given = await ask('/north-1/');
      expect(given.status).toBe(outer);
      expect(given.headers['drawbridge-problem']).toBe(problem);
      if (given.body instanceof Readable) given.body.resume();
    });

    it('passes chunk by chunk, as the application writes', async () => {
      let next = () => {};
      answer = (_, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
        next = () => void response.end('data: 2\n\n');
      };
      const { body } = await ask('/north-1/');
      const chunks = (body as Readable)[Symbol.asyncIterator]();
      expect(String((await chunks.next()).value)).toBe('data: 1\n\n');
      // Only now is the second one written.
      next();
      expect(String((await chunks.next()).value)).toBe('data: 2\n\n');
      expect((await chunks.next()).done).toBe(true);
    });

    it('breaks off when the application does', async () => {
      answer = (request, response) => {
        response.writeHead(200, { 'content-length': 100 }).write('half');
        setImmediate(() => request.socket.destroy());
      };
      await expect(ask('/north-1/').then(textOf)).rejects.toThrow();
    });
  });

  describe('when the viewer leaves', () => {
    it('the call to the application is given up, before its answer', async () => {
      const left = new AbortController();
      const gone = new Promise((resolve) => (answer = (request) => request.socket.once('close', resolve)));
      const given = ask('/north-1/', { signal: left.signal });
      await until(() => seen.length > 0);
      left.abort();
      await expect(given).rejects.toThrow();
      await gone;
    });

    it('and in the middle of a stream', async () => {
      const left = new AbortController();
      const gone = new Promise((resolve) => {
        answer = (request, response) => {
          request.socket.once('close', resolve);
          response.writeHead(200).write('first');
        };
      });
      const { body } = await ask('/north-1/', { signal: left.signal });
      (body as Readable).on('error', () => {});
      left.abort();
      await gone;
      expect(watchers.current()).toMatchObject([{ openRequests: 0 }]);
    });
  });

  describe('when the application does not answer', () => {
    it('503 when nothing listens there, said once in the log however often it is asked', async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
      for (let times = 0; times < 5; times += 1) {
        expect(await ask('/north-1/')).toEqual({
          status: 503,
          headers: { 'drawbridge-problem': 'upstream-unreachable' },
        });
      }
      expect(logged.filter((line) => line.includes('application.failed'))).toHaveLength(1);
    });

    it('503 when it cuts the connection; only what changes nothing is asked again', async () => {
      expect(await ask('/north-1/').then(textOf)).toBe('plain');
      expect(await ask('/north-1/api/value?site=a%20b', value).then(textOf)).toBe('plain');
      answer = (request) => request.socket.destroy();
      expect((await ask('/north-1/api/value?site=a%20b', value)).status).toBe(503);
      expect(seen.filter(({ method }) => method === 'POST')).toHaveLength(2);
    });

    it('503 for one that upgrades unasked', async () => {
      answer = (request) =>
        request.socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
      expect((await ask('/north-1/')).status).toBe(503);
    });
  });

  describe('who watches', () => {
    const from = (recipient: string, target = '/north-1/') =>
      ask(target, { headers: { 'drawbridge-recipient': recipient } });

    it('is named while a request is open and for a minute after', async () => {
      const begun = time.clock.now();
      let end = () => {};
      answer = (_, response) => {
        response.writeHead(200).flushHeaders();
        end = () => void response.end();
      };
      const { body } = await from('ann@guest.example');
      expect(watchers.current()).toEqual([
        {
          shareId: 'north-1',
          recipient: 'ann@guest.example',
          since: begun,
          lastRequestAt: begun,
          openRequests: 1,
        },
      ]);
      time.pass(120_000);
      expect(watchers.current()).toHaveLength(1);
      end();
      (body as Readable).resume();
      await once(body as Readable, 'close');
      expect(watchers.current()).toMatchObject([{ openRequests: 0 }]);
      time.pass(60_001);
      expect(watchers.current()).toEqual([]);
    });

    it('does not name who was refused', async () => {
      await from('ann@guest.example', '/north-1/api/users');
      expect(watchers.current()).toEqual([]);
    });

    it('counts a failed request as over', async () => {
      answer = (request) => request.socket.destroy();
      await from('ann@guest.example');
      expect(watchers.current()).toMatchObject([{ openRequests: 0 }]);
    });

    it('is bounded, however many names come', () => {
      const many = createWatchers(time.clock);
      for (let at = 0; at < 10_050; at += 1) many.note('north-1', `${at}@guest.example`);
      expect(many.current()).toHaveLength(10_000);
      const [first] = createWatchers(time.clock).current();
      expect(first).toBeUndefined();
      const one = createWatchers(time.clock);
      one.note('north-1', 'x'.repeat(1_000_000));
      expect(one.current()[0]?.recipient).toHaveLength(256);
    });
  });
});
