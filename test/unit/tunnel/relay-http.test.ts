import { Agent, request as httpRequest } from 'node:http';
import type { Relay } from '../../../local/relay/relay.ts';
import type { RelaySender } from '../../../shared/tunnel/relay-sender.ts';
import {
  bytesOf,
  cleanUp,
  get,
  onCleanUp,
  RawPeer,
  rawListener,
  relayWith,
  senderTo,
  tokenFor,
  until,
  webSocketEndpoint,
} from './tunnel-setup.ts';

let relay: Relay;
let sender: RelaySender;
let listener: RawPeer;
beforeEach(async () => {
  relay = await relayWith();
  sender = senderTo(relay.endpoint);
  listener = await rawListener(relay);
});
afterEach(cleanUp);

const answer = (requestId: unknown, more: Record<string, unknown> = {}) => ({
  response: {
    requestId,
    statusCode: '200',
    responseHeaders: { 'Content-Type': 'text/plain' },
    body: false,
    ...more,
  },
});

describe('a listener that speaks the documented messages', () => {
  it('gets a small request whole over the control channel and answers there', async () => {
    const sent = sender.send(
      get('/abc/def?myarg=value&sb-hc-id=mine', {
        method: 'POST',
        headers: { 'X-Own': '1', authorization: 'Basic for-the-application', connection: 'close' },
        body: Buffer.from('question'),
      }),
    );
    const request = await listener.heard();
    expect(request).toEqual({
      address: expect.stringMatching(
        /^ws:\/\/127\.0\.0\.1:\d+\/\$hc\/hyco\?sb-hc-action=request&sb-hc-id=/,
      ) as string,
      id: expect.any(String) as string,
      requestTarget: '/hyco/abc/def?myarg=value',
      method: 'POST',
      requestHeaders: { 'X-Own': '1', authorization: 'Basic for-the-application', Via: '1.1 127.0.0.1' },
      body: true,
      remoteEndpoint: { address: '127.0.0.1', port: expect.any(Number) as number },
    });
    await until(() => listener.binaries.length === 1);
    expect(listener.binaries[0]?.toString()).toBe('question');

    listener.say(answer(request['id'], { statusCode: 201, statusDescription: 'Made', body: true }));
    listener.socket.send(Buffer.from('{ "hey" : '), { binary: true, fin: false });
    listener.socket.send(Buffer.from('"mydata" }'), { binary: true, fin: true });
    const { status, headers, body, fromListener } = await sent;
    expect({ status, fromListener, via: headers['via'], length: headers['content-length'] }).toEqual({
      status: 201,
      fromListener: true,
      via: '1.1 127.0.0.1',
      length: '20',
    });
    expect((await bytesOf(body)).toString()).toBe('{ "hey" : "mydata" }');
  });

  it('may answer in any order', async () => {
    const first = sender.send(get('/1'));
    const second = sender.send(get('/2'));
    const requests = [await listener.heard(1), await listener.heard(2)];
    for (const request of requests.reverse()) {
      listener.say(answer(request['id'], { responseHeaders: { seen: request['requestTarget'] } }));
    }
    expect((await first).headers['seen']).toBe('/hyco/1');
    expect((await second).headers['seen']).toBe('/hyco/2');
  });

  it('gets only the address of a large request, and the request at the rendezvous', async () => {
    const body = Buffer.alloc(70_000, 'large');
    const sent = sender.send(get('/upload', { method: 'PUT', body }));
    const { address, ...rest } = await listener.heard();
    expect(rest).toEqual({});
    const rendezvous = await new RawPeer(String(address)).opened();
    const request = await rendezvous.heard();
    expect(request).toMatchObject({ method: 'PUT', requestTarget: '/hyco/upload', body: true });
    await until(() => rendezvous.binaries.length === 1);
    expect(rendezvous.binaries[0]?.equals(body)).toBe(true);
    rendezvous.say(answer(request['id'], { statusCode: 204 }));
    expect((await sent).status).toBe(204);
  });

  it('may take a small request to the rendezvous and stream its answer there, each piece passed on at once', async () => {
    const sent = sender.send(get('/events'));
    const request = await listener.heard();
    const rendezvous = await new RawPeer(String(request['address'])).opened();
    rendezvous.say(answer(request['id'], { body: true }));
    const { body } = await sent;
    const pieces: AsyncIterator<Buffer, undefined> = body[Symbol.asyncIterator]();
    for (const text of ['data: 1\n\n', 'data: 2\n\n', 'data: 3\n\n']) {
      rendezvous.socket.send(Buffer.from(text), { binary: true, fin: false });
      expect((await pieces.next()).value?.toString()).toBe(text);
    }
    rendezvous.socket.send(Buffer.alloc(0), { binary: true, fin: true });
    expect((await pieces.next()).done).toBe(true);
  });

  it('keeps the rendezvous for further requests of the same connection, until that ends', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onCleanUp(() => agent.destroy());
    const ask = (path: string) =>
      new Promise<string>((resolve, reject) => {
        const headers = { ServiceBusAuthorization: tokenFor('hyco', 'send') };
        httpRequest(`${relay.endpoint}/hyco${path}`, { agent, headers }, (response) => {
          bytesOf(response).then((bytes) => resolve(bytes.toString()), reject);
        })
          .on('error', reject)
          .end();
      });
    const first = ask('/1');
    const request = await listener.heard();
    const rendezvous = await new RawPeer(String(request['address'])).opened();
    rendezvous.say(answer(request['id'], { body: true }));
    rendezvous.socket.send(Buffer.from('one'));
    expect(await first).toBe('one');

    const second = ask('/2');
    const again = await rendezvous.heard();
    expect(again).toMatchObject({ requestTarget: '/hyco/2', body: false });
    rendezvous.say(answer(again['id'], { body: true }));
    rendezvous.socket.send(Buffer.from('two'));
    expect(await second).toBe('two');
    expect(listener.texts).toHaveLength(1);

    agent.destroy();
    await until(() => rendezvous.closure !== undefined);
    expect(rendezvous.closure?.code).toBe(1001);
  });

  it('that drops the rendezvous drops the connection of the sender', async () => {
    const agent = new Agent({ keepAlive: true });
    onCleanUp(() => agent.destroy());
    let ended = false;
    const headers = { ServiceBusAuthorization: tokenFor('hyco', 'send') };
    httpRequest(`${relay.endpoint}/hyco`, { agent, headers }, (response) => response.resume())
      .on('socket', (socket) => socket.on('close', () => (ended = true)))
      .end();
    const request = await listener.heard();
    const rendezvous = await new RawPeer(String(request['address'])).opened();
    rendezvous.say(answer(request['id'], { body: true }));
    rendezvous.socket.send(Buffer.from('one'));
    rendezvous.socket.close(1000);
    await until(() => ended);
  });

  it('that drops the rendezvous before the end cuts the answer off', async () => {
    const sent = sender.send(get('/'));
    const request = await listener.heard();
    const rendezvous = await new RawPeer(String(request['address'])).opened();
    rendezvous.say(answer(request['id'], { body: true }));
    rendezvous.socket.send(Buffer.from('half'), { binary: true, fin: false });
    const { body } = await sent;
    rendezvous.socket.close(1011);
    await expect(bytesOf(body)).rejects.toThrow();
  });

  it('that closes the rendezvous normally has ended its body, as the official Java listener does', async () => {
    const sent = sender.send(get('/'));
    const request = await listener.heard();
    const rendezvous = await new RawPeer(String(request['address'])).opened();
    rendezvous.say(answer(request['id'], { body: true }));
    rendezvous.socket.send(Buffer.from('all of '), { binary: true, fin: false });
    rendezvous.socket.send(Buffer.from('it'), { binary: true, fin: false });
    rendezvous.socket.close(1000);
    expect((await bytesOf((await sent).body)).toString()).toBe('all of it');
  });

  it.each([1000, 1011])('that closes with %i before a body has begun cuts the answer off', async (code) => {
    const sent = sender.send(get('/'));
    const request = await listener.heard();
    const rendezvous = await new RawPeer(String(request['address'])).opened();
    rendezvous.say(answer(request['id'], { body: true }));
    const { body } = await sent;
    rendezvous.socket.close(code);
    await expect(bytesOf(body)).rejects.toThrow();
  });

  it('sees its rendezvous closed with 1001 when the sender leaves, and may not come back', async () => {
    const leaving = new AbortController();
    const sent = sender.send(get('/', { signal: leaving.signal }));
    const request = await listener.heard();
    const rendezvous = await new RawPeer(String(request['address'])).opened();
    leaving.abort();
    await expect(sent).rejects.toThrow();
    await until(() => rendezvous.closure !== undefined);
    expect(rendezvous.closure?.code).toBe(1001);
    expect((await new RawPeer(String(request['address'])).opened()).refusal).toBe(403);
  });

  it('may answer a sender that has left: nobody minds', async () => {
    const leaving = new AbortController();
    const sent = sender.send(get('/gone', { signal: leaving.signal }));
    const request = await listener.heard();
    leaving.abort();
    await expect(sent).rejects.toThrow();
    listener.say(answer(request['id'], { body: true }));
    listener.socket.send(Buffer.from('too late'));
    const next = sender.send(get('/next'));
    listener.say(answer((await listener.heard(2))['id'], { body: true }));
    listener.socket.send(Buffer.from('in time'));
    expect((await bytesOf((await next).body)).toString()).toBe('in time');
  });

  it('may send an empty binary message after an answer without a body, as the official Node listener does', async () => {
    for (const round of [1, 2]) {
      const sent = sender.send(get('/'));
      listener.say(answer((await listener.heard(round))['id'], { statusCode: 304 }));
      listener.socket.send(Buffer.alloc(0));
      expect((await sent).status).toBe(304);
    }
  });

  it('may set fields of the connection, which are dropped', async () => {
    const sent = sender.send(get('/'));
    const responseHeaders = {
      'Content-Length': 999,
      'Transfer-Encoding': 'chunked',
      Connection: 'close, X-Hop',
      'X-Hop': '1',
      Kept: 'yes',
    };
    listener.say(answer((await listener.heard())['id'], { responseHeaders }));
    const { headers } = await sent;
    expect(headers).toMatchObject({ kept: 'yes', 'content-length': '0' });
    expect(headers).not.toHaveProperty('x-hop');
  });

  it('is pinged, and its pings are answered', async () => {
    await cleanUp();
    relay = await relayWith({ pingInterval: 20 });
    listener = await rawListener(relay);
    let pings = 0;
    let pongs = 0;
    listener.socket.on('ping', () => pings++);
    listener.socket.on('pong', () => pongs++);
    listener.socket.ping('alive?');
    await until(() => pings > 3 && pongs === 1);
    expect(relay.connections().get('hyco')).toBe(1);
  });
});

describe('the Authorization of a request', () => {
  const raw = (headers: Record<string, string>, query = '') =>
    new Promise<number | undefined>((resolve, reject) => {
      httpRequest(`${relay.endpoint}/hyco/${query}`, { headers }, (response) =>
        resolve(response.resume().statusCode),
      )
        .on('error', reject)
        .end();
    });

  it('goes on when the relay has its token in the query, which goes no further', async () => {
    const sent = raw(
      { authorization: 'Basic app' },
      `?a=1&sb-hc-token=${encodeURIComponent(tokenFor('hyco'))}`,
    );
    const request = await listener.heard();
    expect(request).toMatchObject({
      requestTarget: '/hyco/?a=1',
      requestHeaders: { authorization: 'Basic app' },
    });
    listener.say(answer(request['id']));
    expect(await sent).toBe(200);
  });

  it('is taken for the token when there is no other, and goes no further', async () => {
    const sent = raw({ authorization: tokenFor('hyco') });
    const request = await listener.heard();
    expect(request['requestHeaders']).not.toHaveProperty('authorization');
    listener.say(answer(request['id']));
    expect(await sent).toBe(200);
  });

  it('cannot make up for a bad token elsewhere', async () => {
    expect(
      await raw({ authorization: tokenFor('hyco'), ServiceBusAuthorization: 'SharedAccessSignature x=y' }),
    ).toBe(401);
  });
});

describe('several listeners', () => {
  it('share the requests, and the others go on when one dies', async () => {
    const peers = [listener, await rawListener(relay), await rawListener(relay)];
    expect(relay.connections()).toEqual(new Map([['hyco', 3]]));
    for (const peer of peers) {
      peer.socket.on('message', (data: Buffer) => {
        const { request } = JSON.parse(data.toString()) as { request: { id: string } };
        peer.say(answer(request.id));
      });
    }
    for (let i = 0; i < 60; i++) await bytesOf((await sender.send(get('/'))).body);
    expect(peers.every((peer) => peer.texts.length > 0)).toBe(true);

    listener.socket.terminate();
    await until(() => relay.connections().get('hyco') === 2);
    for (let i = 0; i < 20; i++) expect((await sender.send(get('/'))).status).toBe(200);
  });

  it('are 25 at most', async () => {
    for (let i = 1; i < 25; i++) await rawListener(relay);
    expect((await rawListener(relay)).refusal).toBe(403);
    expect(relay.connections().get('hyco')).toBe(25);
  });

  it('are told with 1001 when their hybrid connection is deleted', async () => {
    const other = await rawListener(relay, 'other');
    relay.disconnect('hyco');
    await until(() => listener.closure !== undefined);
    expect(listener.closure?.code).toBe(1001);
    expect(other.closure).toBeUndefined();
    expect(relay.connections()).toEqual(new Map([['other', 1]]));
  });
});

describe('the token of a listener', () => {
  let now = Date.now();
  beforeEach(async () => {
    await cleanUp();
    now = Date.now();
    relay = await relayWith({ expiryCheck: 5 }, { clock: { now: () => now } });
    const address = `${webSocketEndpoint(relay)}/$hc/hyco?sb-hc-action=listen&sb-hc-token=`;
    listener = await new RawPeer(
      address + encodeURIComponent(tokenFor('hyco', 'listen', now + 60_000)),
    ).opened();
  });

  it('ends its control channel with 1008 when it expires', async () => {
    now += 59_000;
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(listener.closure).toBeUndefined();
    now += 1_000;
    await until(() => listener.closure !== undefined);
    expect(listener.closure?.code).toBe(1008);
    expect(relay.connections().size).toBe(0);
  });

  it('can be renewed in band, which nobody answers', async () => {
    listener.say({ renewToken: { token: tokenFor('hyco', 'listen', now + 120_000) } });
    let pong = false;
    listener.socket.once('pong', () => (pong = true));
    listener.socket.ping();
    await until(() => pong);
    now += 100_000;
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(listener.closure).toBeUndefined();
    expect(listener.texts).toEqual([]);
  });

  it.each([
    ['one for another hybrid connection', () => tokenFor('other', 'listen', now + 120_000)],
    ['one that may only send', () => tokenFor('hyco', 'send', now + 120_000)],
    ['an expired one', () => tokenFor('hyco', 'listen', now - 1000)],
    ['rubbish', () => 'rubbish'],
  ])('renewed with %s ends the control channel with 1008', async (_what, token) => {
    listener.say({ renewToken: { token: token() } });
    await until(() => listener.closure !== undefined);
    expect(listener.closure?.code).toBe(1008);
  });
});
