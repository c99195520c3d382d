import { createHash } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import fc from 'fast-check';
import type { RelayedRequest } from '../../../gateway/tunnel/relayed-request.ts';
import { bytesOf, cleanUp, get, listenerOn, relayWith, senderTo, settled, until } from './tunnel-setup.ts';
import { loopbackCertificate, loopbackKey } from '../email/loopback-certificate.ts';

jest.setTimeout(20_000);
afterEach(cleanUp);

/** Megabytes that do not repeat within one, made as they are read. */
function megabytes(count: number, made: { bytes: number } = { bytes: 0 }): Readable {
  const block = Buffer.from(
    Uint32Array.from({ length: 16 * 1024 }, (_, i) => Math.imul(i, 2654435761)).buffer,
  );
  return new Readable({
    highWaterMark: 64 * 1024,
    read() {
      if (made.bytes >= count * 1024 * 1024) {
        this.push(null);
        return;
      }
      made.bytes += block.length;
      this.push(block);
    },
  });
}

async function digest(stream: Readable): Promise<{ hash: string; length: number }> {
  const hash = createHash('sha256');
  let length = 0;
  for await (const piece of stream) {
    hash.update(piece as Buffer);
    length += (piece as Buffer).length;
  }
  return { hash: hash.digest('hex'), length };
}

describe('through sender, relay and listener', () => {
  it('a request and its answer arrive as they were', async () => {
    const relay = await relayWith();
    let seen: RelayedRequest | undefined;
    let body = '';
    await listenerOn(relay, async (request) => {
      seen = request;
      body = (await bytesOf(request.body)).toString();
      return { status: 418, headers: { 'X-Answer': 'tea', 'Content-Length': '3' }, body: Buffer.from('pot') };
    });
    const answer = await senderTo(relay.endpoint).send(
      get("/share/api/a%2Fb?q=1&q=2&x='y'&t=%C3%b8", {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          accept: '*/*',
          host: 'elsewhere',
          'content-length': '99',
        },
        body: Buffer.from('{"a":1}'),
      }),
    );
    expect(seen).toMatchObject({
      method: 'POST',
      target: "/share/api/a%2Fb?q=1&q=2&x='y'&t=%C3%b8",
      headers: { 'content-type': 'application/json', accept: '*/*' },
      bodyLength: 7,
    });
    expect(seen?.headers).not.toHaveProperty('host');
    expect(seen?.headers).not.toHaveProperty('servicebusauthorization');
    expect(body).toBe('{"a":1}');
    expect(answer).toMatchObject({ status: 418, fromListener: true, headers: { 'x-answer': 'tea' } });
    expect((await bytesOf(answer.body)).toString()).toBe('pot');
  });

  it.each([0, 1, 1024, 65_000, 65_535, 65_536, 65_537, 70_000, 1024 * 1024])(
    'a body of %i bytes comes back the same, given whole or as a stream',
    async (size) => {
      const relay = await relayWith();
      await listenerOn(relay, async (request) => ({
        status: 200,
        headers: request.target === '/whole' ? {} : { 'content-length': String(size) },
        body: request.target === '/whole' ? await bytesOf(request.body) : request.body,
      }));
      const sender = senderTo(relay.endpoint);
      const sent = Buffer.from(Uint8Array.from({ length: size }, (_, i) => (i * 31) & 0xff));
      for (const target of ['/whole', '/stream', '/stream?twice']) {
        for (const body of [
          sent,
          Readable.from([sent.subarray(0, size / 2), sent.subarray(size / 2)], { objectMode: false }),
        ]) {
          const answer = await sender.send(get(target, { method: 'PUT', body }));
          expect((await bytesOf(answer.body)).equals(sent)).toBe(true);
        }
      }
    },
  );

  it('any bodies in any pieces come back the same, many at a time over the same connections', async () => {
    const relay = await relayWith();
    await listenerOn(relay, async (request) => ({ status: 200, headers: {}, body: request.body }));
    const sender = senderTo(relay.endpoint);
    const pieces = fc.array(fc.uint8Array({ maxLength: 50_000, size: 'max' }), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(fc.array(pieces, { minLength: 1, maxLength: 6 }), async (bodies) => {
        await Promise.all(
          bodies.map(async (parts) => {
            const body = Readable.from(
              parts.map((part) => Buffer.from(part)),
              { objectMode: false },
            );
            const answer = await sender.send(get('/', { method: 'POST', body }));
            expect((await bytesOf(answer.body)).equals(Buffer.concat(parts))).toBe(true);
          }),
        );
      }),
      { numRuns: 30 },
    );
  });

  it('60 MB go up and come down without a wrong byte', async () => {
    const relay = await relayWith();
    let up: { hash: string; length: number } | undefined;
    await listenerOn(relay, async (request) => {
      if (request.method === 'POST') up = await digest(request.body);
      return { status: 200, headers: {}, body: megabytes(60) };
    });
    const expected = await digest(megabytes(60));
    const sender = senderTo(relay.endpoint);
    const answer = await sender.send(get('/', { method: 'POST', body: megabytes(60) }));
    expect(up).toEqual(expected);
    expect(await digest(answer.body)).toEqual(expected);
  });

  it.each(['HEAD', 'OPTIONS', 'DELETE', 'PATCH', 'PROPFIND'])('%s passes', async (method) => {
    const relay = await relayWith();
    await listenerOn(relay, async (request) => ({
      status: 200,
      headers: { method: request.method },
      body: Buffer.from('body'),
    }));
    const answer = await senderTo(relay.endpoint).send(get('/', { method }));
    expect(answer.headers['method']).toBe(method);
    expect((await bytesOf(answer.body)).toString()).toBe(method === 'HEAD' ? '' : 'body');
  });

  it('works over TLS against an authority of our own, and not against one that is unknown', async () => {
    const relay = await relayWith({}, { tls: { key: loopbackKey, cert: loopbackCertificate } });
    await listenerOn(relay, async () => ({ status: 200, headers: {}, body: Buffer.alloc(100_000) }), {
      ca: loopbackCertificate,
    });
    const answer = await senderTo(relay.endpoint, { ca: loopbackCertificate }).send(get('/'));
    expect((await bytesOf(answer.body)).length).toBe(100_000);
    await expect(senderTo(relay.endpoint).send(get('/'))).rejects.toMatchObject({ code: 'broken' });
  });
});

describe('without waiting', () => {
  it('each event of a stream arrives before the next is made', async () => {
    const relay = await relayWith();
    const events = new PassThrough();
    await listenerOn(relay, async () => ({
      status: 200,
      headers: { 'content-type': 'text/event-stream' },
      body: events,
    }));
    const { body } = await senderTo(relay.endpoint).send(get('/events'));
    const arriving: AsyncIterator<Buffer, undefined> = body[Symbol.asyncIterator]();
    for (let i = 0; i < 10; i++) {
      events.write(`data: ${i}\n\n`);
      expect((await arriving.next()).value?.toString()).toBe(`data: ${i}\n\n`);
    }
    events.end();
    expect((await arriving.next()).done).toBe(true);
  });

  it('the head of a body that has not begun arrives, and then each piece', async () => {
    const relay = await relayWith();
    const slow = new PassThrough();
    await listenerOn(relay, async () => ({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: slow,
    }));
    const { body, status } = await senderTo(relay.endpoint).send(get('/'));
    expect(status).toBe(200);
    const arriving: AsyncIterator<Buffer, undefined> = body[Symbol.asyncIterator]();
    slow.write('[1');
    expect((await arriving.next()).value?.toString()).toBe('[1');
    slow.end(',2]');
    expect((await arriving.next()).value?.toString()).toBe(',2]');
  });

  it('each piece of an upload reaches the handler before the next is sent', async () => {
    const relay = await relayWith({ bodyWithin: 10 });
    const back = new PassThrough();
    await listenerOn(relay, async (request) => {
      request.body.pipe(back);
      return { status: 200, headers: {}, body: back };
    });
    const up = new PassThrough();
    up.write('first');
    const { body } = await senderTo(relay.endpoint).send(get('/', { method: 'POST', body: up }));
    const arriving: AsyncIterator<Buffer, undefined> = body[Symbol.asyncIterator]();
    expect((await arriving.next()).value?.toString()).toBe('first');
    up.write('second');
    expect((await arriving.next()).value?.toString()).toBe('second');
    up.end();
    expect((await arriving.next()).done).toBe(true);
  });
});

describe('back-pressure', () => {
  it('holds the on-prem producer while the viewer does not read, and lets it go on after', async () => {
    const relay = await relayWith();
    const made = { bytes: 0 };
    await listenerOn(relay, async () => ({ status: 200, headers: {}, body: megabytes(300, made) }));
    const { body } = await senderTo(relay.endpoint).send(get('/'));
    expect(await settled(() => made.bytes)).toBeLessThan(60 * 1024 * 1024);
    expect((await digest(body)).length).toBe(300 * 1024 * 1024);
  });

  it('holds the uploading viewer while the handler does not read', async () => {
    const relay = await relayWith();
    const made = { bytes: 0 };
    let handled: RelayedRequest | undefined;
    let finish = () => {};
    await listenerOn(relay, async (request) => {
      handled = request;
      await new Promise<void>((resolve) => (finish = resolve));
      return { status: 200, headers: {}, body: Buffer.from(String((await digest(request.body)).length)) };
    });
    const sent = senderTo(relay.endpoint).send(get('/', { method: 'PUT', body: megabytes(100, made) }));
    await until(() => handled !== undefined);
    expect(await settled(() => made.bytes)).toBeLessThan(60 * 1024 * 1024);
    finish();
    expect((await bytesOf((await sent).body)).toString()).toBe(String(100 * 1024 * 1024));
  });
});

describe('when someone leaves', () => {
  it('a viewer who leaves an open stream ends the on-prem one', async () => {
    const relay = await relayWith();
    const events = new PassThrough();
    let aborted = false;
    await listenerOn(relay, async (request) => {
      request.signal.addEventListener('abort', () => (aborted = true));
      return { status: 200, headers: { 'content-type': 'text/event-stream' }, body: events };
    });
    const { body } = await senderTo(relay.endpoint).send(get('/'));
    events.write('data: 1\n\n');
    await new Promise((resolve) => body.once('data', resolve));
    body.destroy();
    await until(() => aborted && events.destroyed);
  });

  it('a viewer who does not wait for a slow answer ends its making', async () => {
    const relay = await relayWith();
    let aborted = false;
    await listenerOn(
      relay,
      (request) =>
        new Promise((_resolve, reject) => {
          request.signal.addEventListener('abort', () => {
            aborted = true;
            reject(new Error('aborted'));
          });
        }),
      { limits: { quickAnswer: 20 } },
    );
    const leaving = new AbortController();
    const sent = senderTo(relay.endpoint).send(get('/', { signal: leaving.signal }));
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(aborted).toBe(false);
    leaving.abort();
    await expect(sent).rejects.toMatchObject({ name: 'AbortError' });
    await until(() => aborted);
  });

  it('a viewer who leaves before the listener has come to the rendezvous is found out there', async () => {
    const relay = await relayWith();
    let aborted = false;
    let asked = false;
    await listenerOn(
      relay,
      (request) => {
        asked = true;
        return new Promise((_resolve, reject) => {
          request.signal.addEventListener('abort', () => {
            aborted = true;
            reject(new Error('aborted'));
          });
        });
      },
      { limits: { quickAnswer: 60 } },
    );
    const leaving = new AbortController();
    const sent = senderTo(relay.endpoint).send(get('/', { signal: leaving.signal }));
    await until(() => asked);
    leaving.abort();
    await expect(sent).rejects.toMatchObject({ name: 'AbortError' });
    await until(() => aborted);
  });

  it('a slow answer comes over the rendezvous opened for it, small or large', async () => {
    const relay = await relayWith();
    await listenerOn(
      relay,
      async (request) => {
        await new Promise((resolve) => setTimeout(resolve, 40));
        return { status: 200, headers: {}, body: Buffer.alloc(request.target === '/small' ? 10 : 200_000) };
      },
      { limits: { quickAnswer: 10 } },
    );
    const sender = senderTo(relay.endpoint);
    expect((await bytesOf((await sender.send(get('/small'))).body)).length).toBe(10);
    expect((await bytesOf((await sender.send(get('/large'))).body)).length).toBe(200_000);
  });

  it('a viewer who breaks off an upload breaks the body the handler reads', async () => {
    const relay = await relayWith();
    let broken: unknown;
    let reading = false;
    await listenerOn(relay, async (request) => {
      request.body.once('data', () => (reading = true));
      await bytesOf(request.body).catch((error: unknown) => (broken = error));
      return { status: 200, headers: {} };
    });
    const up = new PassThrough();
    const leaving = new AbortController();
    up.write(Buffer.alloc(200_000));
    const sent = senderTo(relay.endpoint).send(
      get('/', { method: 'POST', body: up, signal: leaving.signal }),
    );
    await until(() => reading);
    leaving.abort();
    await expect(sent).rejects.toMatchObject({ name: 'AbortError' });
    await until(() => broken !== undefined);
  });

  it('an on-prem answer that breaks off breaks the body the viewer reads', async () => {
    const relay = await relayWith();
    const breaking = new PassThrough();
    await listenerOn(relay, async () => ({
      status: 200,
      headers: { 'content-type': 'text/event-stream' },
      body: breaking,
    }));
    const { body } = await senderTo(relay.endpoint).send(get('/'));
    breaking.write('data: 1\n\n');
    await new Promise((resolve) => body.once('data', resolve));
    breaking.destroy(new Error('the application crashed'));
    await expect(bytesOf(body)).rejects.toThrow();
  });

  it('a handler that answers without reading a large upload is heard, and the next request is served', async () => {
    const relay = await relayWith();
    await listenerOn(relay, async () => ({ status: 413, headers: {}, body: Buffer.from('no') }));
    const sender = senderTo(relay.endpoint);
    for (let i = 0; i < 3; i++) {
      const answer = await sender.send(get('/', { method: 'POST', body: megabytes(20) }));
      expect(answer.status).toBe(413);
      expect((await bytesOf(answer.body)).toString()).toBe('no');
    }
  });
});

const eventStream = { 'content-type': 'text/event-stream' };
const failing = () =>
  new Readable({
    read() {
      this.destroy(new Error('hunter2'));
    },
  });

/** Fails while the listener is on its way to the rendezvous. */
function failingSoon(): Readable {
  const body = new Readable({ read() {} });
  setImmediate(() => body.destroy(new Error('hunter2')));
  return body;
}

describe('what a handler must not say', () => {
  it.each([
    ['by throwing', 500, () => Promise.reject(new Error('hunter2'))],
    ['status 502', 503, () => ({ status: 502, headers: {} })],
    ['status 504', 503, () => ({ status: 504, headers: {} })],
    ['status 101', 500, () => ({ status: 101, headers: {} })],
    ['status NaN', 500, () => ({ status: Number.NaN, headers: {} })],
    ['a header that splits', 500, () => ({ status: 200, headers: { a: 'b\r\nc: d' } })],
    ['a header of 40 kB', 500, () => ({ status: 200, headers: { a: 'x'.repeat(40_000) } })],
    [
      'a header of 40 kB with a large body',
      500,
      () => ({ status: 200, headers: { a: 'x'.repeat(40_000) }, body: Buffer.alloc(100_000) }),
    ],
    ['a body that fails at once', 500, () => ({ status: 200, headers: {}, body: failing() })],
    [
      'an event stream that fails before it begins',
      500,
      () => ({ status: 200, headers: eventStream, body: failingSoon() }),
    ],
  ] as const)('%s becomes %i', async (_what, status, respond) => {
    const relay = await relayWith();
    await listenerOn(relay, async () => respond());
    const answer = await senderTo(relay.endpoint).send(get('/'));
    expect(answer).toMatchObject({ status, fromListener: true });
    expect((await bytesOf(answer.body)).toString()).not.toContain('hunter2');
  });

  it('more than it may at a time becomes 503, on the control channel and at a rendezvous', async () => {
    const relay = await relayWith();
    let release = () => {};
    const blocked = new Promise<void>((resolve) => (release = resolve));
    let handling = 0;
    await listenerOn(
      relay,
      async () => {
        handling++;
        await blocked;
        return { status: 200, headers: {} };
      },
      { limits: { inFlight: 3 } },
    );
    const sender = senderTo(relay.endpoint);
    const first = [1, 2, 3].map(() => sender.send(get('/')));
    await until(() => handling === 3);
    expect((await sender.send(get('/'))).status).toBe(503);
    expect((await sender.send(get('/', { method: 'POST', body: Buffer.alloc(100_000) }))).status).toBe(503);
    release();
    expect((await Promise.all(first)).map((answer) => answer.status)).toEqual([200, 200, 200]);
    expect((await sender.send(get('/'))).status).toBe(200);
  });
});

describe('a sender hears', () => {
  it.each([
    ['no-listener', 502, async () => relayWith()],
    ['no-listener', 404, async () => relayWith({}, { exists: () => false })],
  ])('%s when the relay says %i', async (code, status, relay) => {
    await expect(senderTo((await relay()).endpoint).send(get('/'))).rejects.toMatchObject({ code, status });
  });

  it('timeout when the relay says 504', async () => {
    const relay = await relayWith({ answerWithin: 30 });
    await listenerOn(relay, () => new Promise(() => {}));
    await expect(senderTo(relay.endpoint).send(get('/'))).rejects.toMatchObject({
      code: 'timeout',
      status: 504,
    });
  });

  it('timeout when nothing comes at all, and the handler is told', async () => {
    const relay = await relayWith();
    let aborted = false;
    await listenerOn(
      relay,
      (request) => new Promise(() => request.signal.addEventListener('abort', () => (aborted = true))),
      { limits: { quickAnswer: 10 } },
    );
    const sender = senderTo(relay.endpoint, { firstByteTimeout: 40 });
    await expect(sender.send(get('/'))).rejects.toMatchObject({ code: 'timeout' });
    await until(() => aborted);
  });

  it('refused when its token is not good', async () => {
    const relay = await relayWith();
    const sender = senderTo(relay.endpoint, { authorize: async () => 'Bearer of-azure-only' });
    await expect(sender.send(get('/'))).rejects.toMatchObject({ code: 'refused', status: 401 });
  });

  it('broken when there is no relay', async () => {
    const relay = await relayWith();
    await relay.close();
    await expect(senderTo(relay.endpoint).send(get('/'))).rejects.toMatchObject({ code: 'broken' });
  });

  it('the same statuses from the listener as answers, not as failures', async () => {
    const relay = await relayWith();
    await listenerOn(relay, async (request) => ({ status: Number(request.target.slice(1)), headers: {} }));
    const sender = senderTo(relay.endpoint);
    for (const status of [401, 403, 404, 500, 503]) {
      expect(await sender.send(get(`/${status}`))).toMatchObject({ status, fromListener: true });
    }
  });

  it('an abort at once when it has aborted already', async () => {
    const relay = await relayWith();
    const sent = senderTo(relay.endpoint).send(get('/', { signal: AbortSignal.abort() }));
    await expect(sent).rejects.toMatchObject({ name: 'AbortError' });
  });
});
