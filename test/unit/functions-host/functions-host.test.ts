import { once } from 'node:events';
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { startHostProcess, type HostProcess } from './host-process.ts';
import { rawExchange, requestText } from './raw-http.ts';

const seen = z.object({
  function: z.string(),
  method: z.string(),
  url: z.string(),
  params: z.record(z.string(), z.string()),
  headers: z.record(z.string(), z.string()),
  body: z.string().nullable(),
});
const failure = z.object({ correlationId: z.uuid() }).strict();

let host: HostProcess;
beforeAll(async () => {
  host = await startHostProcess(['http-functions.ts'], { publicOrigin: 'https://tunnel.example' });
});
afterAll(async () => {
  expect(await host.stop()).toBe(0);
});

const bodyOf = (response: string) => response.slice(response.indexOf('\r\n\r\n') + 4);
const statusOf = (response: string) => Number(response.slice(9, 12));

async function echoed(...args: Parameters<typeof requestText>): Promise<z.infer<typeof seen>> {
  const response = await rawExchange(host.port, requestText(...args));
  return seen.parse(JSON.parse(/\{.*\}/s.exec(bodyOf(response))?.[0] ?? response));
}

const call = (path: string, init?: RequestInit) => fetch(`${host.origin}${path}`, init);

describe('routing', () => {
  test.each([
    ['GET', '/', 'root', {}],
    ['GET', '/?x=1', 'root', {}],
    ['GET', '/items/12', 'itemNumber', { id: '12' }],
    ['GET', '/items/x%20y', 'itemOther', { id: 'x y' }],
    ['GET', '/Items/a%2Fb', 'itemOther', { id: 'a%2Fb' }],
    ['GET', '/echo/a/../b//c/', 'echo', { rest: 'b//c/' }],
    ['DELETE', '/echo', 'echo', {}],
    ['POST', '/byDefault', 'byDefault', {}],
  ])('%s %s runs %s with %j', async (method, target, name, params) => {
    expect(await echoed(`${method} ${target}`)).toMatchObject({ function: name, method, params });
  });

  test.each([
    ['GET', '/nothing', 404],
    ['POST', '/items/12', 404],
    ['PUT', '/byDefault', 404],
    ['HEAD', '/items/12', 404],
    ['HEAD', '/with-head', 200],
    ['GET', '/keyed', 401],
    ['GET', '/items/%00', 400],
    ['GET', '*', 400],
    ['CONNECT', 'x.example:443', 501],
  ])('%s %s gets %i', async (method, target, status) => {
    expect(statusOf(await rawExchange(host.port, requestText(`${method} ${target}`)))).toBe(status);
  });

  test('lists what it serves', () => {
    expect(host.functions).toContainEqual({
      name: 'itemNumber',
      type: 'httpTrigger',
      route: 'items/{id:int}',
      methods: ['GET'],
    });
  });

  test('goes by the rewritten URL, whose fields replace what the client claims', async () => {
    const { url, params, headers } = await echoed(
      'GET http://abc.share.localhost:81/api/x?y=%2F',
      'X-Forwarded-Host: evil.example',
      'Connection: x-forwarded-host',
    );
    expect(url).toBe('https://abc.share.localhost:81/echo/abc/api/x?y=%2F');
    expect(params).toEqual({ rest: 'abc/api/x' });
    expect(headers).toMatchObject({
      host: 'abc.share.localhost:81',
      'x-forwarded-host': 'abc.share.localhost:81',
    });
  });

  test('cannot be led out of a rewritten URL by dot segments', async () => {
    const { params } = await echoed('GET http://abc.share.localhost/a/%2e%2e/..\\../../b');
    expect(params).toEqual({ rest: 'abc/..\\../b'.replace('..\\../', '') });
  });

  test('comes after interception', async () => {
    expect(await (await call('/.local/mail')).text()).toBe('intercepted');
  });

  test('answers 500 and stays up when the URL cannot be rewritten', async () => {
    const response = await rawExchange(host.port, requestText('GET http://broken.example/'));
    expect(statusOf(response)).toBe(500);
    const { correlationId } = failure.parse(JSON.parse(bodyOf(response)));
    expect(host.log).toContainEqual(expect.objectContaining({ function: 'host', invocation: correlationId }));
  });
});

describe('a request', () => {
  test('reaches the function with its URL unchanged', async () => {
    const target = '/echo/a%2Fb/%7E/c%20d;e=f?x=%2F&x=2&y=a+b&z';
    expect((await echoed(`GET ${target}`)).url).toBe(`https://x.example${target}`);
  });

  test('brings its end-to-end fields and no others', async () => {
    const { headers } = await echoed(
      'GET /echo',
      'X-A: 1',
      'x-a: 2',
      'Cookie: a=1',
      'Cookie: b=2',
      'Connection: x-hop',
      'X-Hop: 1',
      'Keep-Alive: timeout=5',
      'TE: trailers',
      'Proxy-Authorization: Basic eA==',
      'X-Forwarded-Host: front.example',
      'X-Forwarded-For: 192.0.2.1',
      'X-MS-Client-Principal: e30=',
      'X-MS-Invocation-Id: 1',
    );
    expect(headers).toEqual({
      host: 'x.example',
      'x-a': '1, 2',
      cookie: 'a=1; b=2',
      'x-forwarded-host': 'front.example',
      'x-forwarded-for': expect.stringMatching(/^192\.0\.2\.1, 127\.0\.0\.1:\d+$/) as string,
      'x-ms-invocation-id': '1',
    });
  });

  test('may offer HTTP/2, which is ignored', async () => {
    const { method, headers } = await echoed('GET /echo', 'Connection: Upgrade', 'Upgrade: h2c');
    expect(method).toBe('GET');
    expect(headers).not.toHaveProperty('upgrade');
  });

  test('for a WebSocket is one like any other, as the Upgrade may be ignored (RFC 9110 section 7.8)', async () => {
    const fields = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
    const { headers } = await echoed('GET /echo', ...fields);
    expect(headers).not.toHaveProperty('upgrade');
    expect(headers).toHaveProperty('sec-websocket-version', '13');
  });

  test.each([
    ['is no HTTP', 'hello\r\n\r\n', 400],
    ['names no host', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
    ['names two hosts', requestText('GET /', 'Host: y.example'), 400],
    ['names no possible host', 'GET / HTTP/1.1\r\nHost: a/b@c\r\nConnection: close\r\n\r\n', 400],
    [
      'has two kinds of length',
      requestText('POST /echo', 'Content-Length: 1', 'Transfer-Encoding: chunked'),
      400,
    ],
    ['has raw bytes in its target', requestText('GET /\u00e9'), 400],
    ['has a fragment', requestText('GET /#x'), 400],
    ['has a broken field', requestText('GET /', 'X : 1'), 400],
    ['has more fields than the library takes', requestText('GET /', `X: ${'x'.repeat(16_250)}`), 431],
    ['has 20 kB of fields', requestText('GET /', `X: ${'x'.repeat(20_000)}`), 431],
    ['has a target of 20 kB', requestText(`GET /${'x'.repeat(20_000)}`), 431],
  ])('that %s is refused', async (_why, bytes, status) => {
    expect(statusOf(await rawExchange(host.port, bytes))).toBe(status);
    expect((await call('/')).status).toBe(200);
  });

  test('of HTTP/1.0 may name no host', async () => {
    const response = await rawExchange(host.port, 'GET /echo HTTP/1.0\r\n\r\n');
    expect(bodyOf(response)).toContain(`"url":"https://127.0.0.1:${host.port}/echo"`);
  });
});

describe('a body', () => {
  test.each([
    ['POST', ['Content-Length: 5'], 'hello', 'hello'],
    ['POST', ['Transfer-Encoding: chunked'], '2\r\nhe\r\n3\r\nllo\r\n0\r\nX-Trailer: 1\r\n\r\n', 'hello'],
    ['POST', ['Content-Length: 0'], '', ''],
    ['POST', [], '', ''],
    ['DELETE', ['Content-Length: 2'], 'ok', 'ok'],
    ['GET', ['Content-Length: 5'], 'hello', null],
    ['GET', ['Transfer-Encoding: chunked'], '5\r\nhello\r\n0\r\n\r\n', null],
  ])('sent with %s and %j as %j is %j to the function', async (method, fields, sent, body) => {
    const response = await rawExchange(host.port, requestText(`${method} /echo`, ...fields), sent);
    expect(seen.parse(JSON.parse(/\{.*\}/s.exec(bodyOf(response))?.[0] ?? '')).body).toBe(body);
  });

  test('on GET does not upset the next request of its connection', async () => {
    const first = 'GET /echo/1 HTTP/1.1\r\nHost: x.example\r\nContent-Length: 3\r\n\r\nGET';
    const response = await rawExchange(host.port, first, requestText('GET /echo/2'));
    expect(response.match(/HTTP\/1\.1 200/g)).toHaveLength(2);
  });

  test.each<[length: string, fields: Record<string, number>]>([
    ['known', { 'content-length': 100 * 1024 * 1024 }],
    ['unknown', {}],
  ])('of 100 MB and %s length passes', async (_length, headers) => {
    const upload = httpRequest(`${host.origin}/counts`, { method: 'POST', headers });
    const [response] = await Promise.all([answerTo(upload), pipeline(megabytes(100), upload)]);
    expect(await text(response)).toBe(String(100 * 1024 * 1024));
  });

  test('is asked for with 100 Continue once its function is found', async () => {
    const head = requestText('POST /echo', 'Expect: 100-continue', 'Content-Length: 5');
    const socket = connect(host.port, '127.0.0.1');
    socket.write(head);
    const leave: unknown[] = await once(socket, 'data');
    expect(String(leave[0])).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    socket.write('hello');
    expect(await text(socket)).toContain('"body":"hello"');
  });

  test('is not asked for when there is no function', async () => {
    const head = 'POST /nothing HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n';
    const response = await rawExchange(host.port, head);
    expect(statusOf(response)).toBe(404);
    expect(response).toMatch(/connection: close/i);
  });

  test.each([
    ['declines', 413],
    ['throws-unread', 500],
    ['no-function', 404],
  ])('that %s leaves unread does not spoil its answer or its connection', async (path, status) => {
    const size = 64 * 1024 * 1024;
    const socket = connect(host.port, '127.0.0.1');
    socket.write(`POST /${path} HTTP/1.1\r\nHost: x.example\r\nContent-Length: ${size}\r\n\r\n`);
    await new Promise((resolve) => socket.write(Buffer.alloc(size), resolve));
    socket.write(requestText('GET /echo'));
    const answers = await text(socket);
    expect(statusOf(answers)).toBe(status);
    expect(answers.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(1);
    expect(host.log.filter((line) => line['function'] === 'declines')).toEqual([]);
  });

  test('that the function does not read yet waits with the client', async () => {
    const size = 64 * 1024 * 1024;
    const upload = httpRequest(`${host.origin}/waits`, {
      method: 'POST',
      headers: { 'content-length': size },
    });
    upload.end(Buffer.alloc(size));
    await host.next('waiting');
    const unsent = await quiet(() => upload.socket?.writableLength ?? 0);
    expect(unsent).toBeGreaterThan(size / 2);
    host.send('go on');
    const response = await answerTo(upload);
    expect(await text(response)).toBe(String(size));
  });
});

describe('an answer', () => {
  test('keeps status, fields and cookies and drops what ends at this hop', async () => {
    const response = await call('/answer');
    expect(response.status).toBe(202);
    expect(response.headers.getSetCookie()).toEqual(['a=1; HttpOnly', 'b=2; Path=/']);
    expect(response.headers.get('x-kept')).toBe('yes');
    expect(response.headers.has('x-hop')).toBe(false);
    expect(await response.text()).toBe('answered');
  });

  test('to HEAD has fields and no body', async () => {
    const response = await rawExchange(host.port, requestText('HEAD /with-head'));
    expect(response).toMatch(/content-length: 7/i);
    expect(bodyOf(response)).toBe('');
  });

  test('may have no content', async () => {
    expect((await call('/no-content')).status).toBe(204);
  });

  test('streams each event at once', async () => {
    const response = await call('/events');
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect(await reader?.read()).toEqual({ done: false, value: 'data: one\n\n' });
    host.send('go on');
    expect(await reader?.read()).toEqual({ done: false, value: 'data: two\n\n' });
    host.send('go on');
    await reader?.cancel();
  });

  test('is held back by a slow client', async () => {
    const download = httpRequest(`${host.origin}/downloads`).end();
    const response = await answerTo(download);
    response.pause();
    let produced = 0;
    const count = async () => {
      for (;;) produced = z.number().parse(await host.next('full'));
    };
    count().catch(() => undefined);
    await quiet(() => produced);
    expect(produced).toBeLessThan(32 * 1024 * 1024);
    let received = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) received += chunk.length;
    expect(received).toBe(64 * 1024 * 1024);
  });
});

describe('a failure', () => {
  test.each([
    ['GET', '/throws', 'throws', { error: 'Error', code: 'E_SECRET' }],
    ['GET', '/throws-text', 'throwsText', { error: 'Error' }],
    ['GET', '/silent', 'silent', { error: 'NoResponseError' }],
    ['GET', '/bad-status', 'badStatus', { error: 'RangeError' }],
    ['TRACE', '/traced', 'traced', { error: 'TypeError' }],
  ])('of %s %s is a 500 that says only its correlation id', async (method, path, name, logged) => {
    const response = await rawExchange(host.port, requestText(`${method} ${path}`));
    expect(statusOf(response)).toBe(500);
    expect(response).toMatch(/content-type: application\/problem\+json/i);
    const { correlationId } = failure.parse(JSON.parse(bodyOf(response)));
    await call('/'); // whatever else the failure might set off has happened by then
    const lines = host.log.filter(({ invocation }) => invocation === correlationId);
    expect(lines).toEqual([expect.objectContaining({ event: 'function.failed', function: name, ...logged })]);
    expect(JSON.stringify(lines)).not.toContain('secret of');
  });

  test('in the middle of an answer cuts the connection', async () => {
    const response = await call('/breaks-off');
    expect(response.status).toBe(200);
    const reader = response.body?.getReader();
    expect((await reader?.read())?.value).toHaveLength(5);
    host.send('go on');
    await expect(reader?.read()).rejects.toThrow();
  });

  test('leaves nothing behind in the library', async () => {
    for (let count = 0; count < 50; count += 1) await (await call('/throws')).arrayBuffer();
    expect(await (await call('/remembered')).json()).toBeLessThan(25);
  });
});

describe('a client that leaves', () => {
  test('takes its request away from the function, without a word in the log', async () => {
    const leaving = new AbortController();
    const response = call('/lingers', { signal: leaving.signal });
    await host.next('lingering');
    leaving.abort();
    await expect(response).rejects.toThrow();
    expect(await host.next('left')).toBe(false);
    expect((await call('/')).status).toBe(200);
    expect(host.log.filter((line) => line['function'] === 'lingers')).toEqual([]);
  });

  test('in the middle of its body breaks it off for the function', async () => {
    const socket = connect(host.port, '127.0.0.1');
    socket.write(requestText('POST /counts?told', 'Content-Length: 100'));
    socket.write('xyz');
    await host.next('counting');
    socket.destroy();
    expect(await host.next('cut')).toBe(3);
    expect((await call('/')).status).toBe(200);
  });
});

describe('what the app logs', () => {
  test('is written with the name of its function', async () => {
    await call('/logs');
    const lines = host.log.filter((line) => line['function'] === 'logs');
    expect(lines).toEqual([
      expect.objectContaining({ event: 'function.log', level: 'info', message: 'told by the app' }),
    ]);
  });
});

const megabytes = (count: number) => Array.from({ length: count }, () => Buffer.alloc(1024 * 1024));

const answerTo = (request: ClientRequest) =>
  new Promise<IncomingMessage>((resolve, reject) => request.once('response', resolve).once('error', reject));

/** Waits until a number has stayed the same for a while, and gives it. */
async function quiet(value: () => number): Promise<number> {
  for (let before = Number.NaN, same = 0; same < 20;) {
    await pause(10);
    same = value() === before ? same + 1 : 0;
    before = value();
  }
  return value();
}
