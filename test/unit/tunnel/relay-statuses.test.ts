import { request as httpRequest } from 'node:http';
import {
  cleanUp,
  get,
  RawPeer,
  rawListener,
  relayWith,
  senderTo,
  tokenFor,
  until,
  webSocketEndpoint,
} from './tunnel-setup.ts';

afterEach(cleanUp);

interface Plain {
  status: number | undefined;
  via: string | undefined;
  text: string;
}

const plain = (url: string, headers: Record<string, string>, body?: Buffer, method = 'GET') =>
  new Promise<Plain>((resolve, reject) => {
    httpRequest(url, { headers, method }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode, via: response.headers.via, text }));
    })
      .on('error', reject)
      .end(body);
  });

describe('a sender is told, without Via,', () => {
  it.each([
    ['401 without a token', '/hyco', {}, 401],
    ['401 with a token that is none', '/hyco', { ServiceBusAuthorization: 'hello' }, 401],
    ['401 with an expired token', '/hyco', { ServiceBusAuthorization: tokenFor('hyco', 'send', 1000) }, 401],
    [
      '403 with a token for another hybrid connection',
      '/hyco',
      { ServiceBusAuthorization: tokenFor('x') },
      403,
    ],
    [
      '403 with a token that may only listen',
      '/hyco',
      { ServiceBusAuthorization: tokenFor('hyco', 'listen') },
      403,
    ],
    ['404 where no hybrid connection can be', '/', { ServiceBusAuthorization: tokenFor('hyco') }, 404],
    ['404 where there is none', '/missing', { ServiceBusAuthorization: tokenFor('missing') }, 404],
    ['502 when nobody listens', '/hyco', { ServiceBusAuthorization: tokenFor('hyco') }, 502],
  ])('%s', async (_what, path, headers, status) => {
    const relay = await relayWith({}, { exists: (name) => name !== 'missing' });
    const seen = await plain(`${relay.endpoint}${path}`, headers);
    expect(seen).toMatchObject({
      status,
      via: undefined,
      text: expect.stringContaining('TrackingId:') as string,
    });
  });

  it('431 when its header fields exceed 32 kB', async () => {
    const relay = await relayWith();
    await rawListener(relay);
    const headers = { ServiceBusAuthorization: tokenFor('hyco'), large: 'x'.repeat(33 * 1024) };
    expect(await plain(`${relay.endpoint}/hyco`, headers)).toMatchObject({ status: 431, via: undefined });
  });

  it('504 when the listener does not answer in time, and that answer is then ignored', async () => {
    const relay = await relayWith({ answerWithin: 40 });
    const listener = await rawListener(relay);
    const seen = await plain(`${relay.endpoint}/hyco`, { ServiceBusAuthorization: tokenFor('hyco') });
    expect(seen).toMatchObject({ status: 504, via: undefined });
    const { id } = await listener.heard();
    listener.say({ response: { requestId: id, statusCode: 200, responseHeaders: {}, body: false } });
    let pong = false;
    listener.socket.once('pong', () => (pong = true));
    listener.socket.ping();
    await until(() => pong);
  });

  it('504 when the listener does not come to the rendezvous, whose address is then void', async () => {
    const relay = await relayWith({ answerWithin: 40 });
    const listener = await rawListener(relay);
    const large = Buffer.alloc(100_000);
    const seen = await plain(
      `${relay.endpoint}/hyco`,
      { ServiceBusAuthorization: tokenFor('hyco') },
      large,
      'POST',
    );
    expect(seen.status).toBe(504);
    const { address } = await listener.heard();
    expect((await new RawPeer(String(address)).opened()).refusal).toBe(403);
  });

  it('504 when the listener comes to the rendezvous and says nothing there, which ends with 1001', async () => {
    const relay = await relayWith({ answerWithin: 60 });
    const listener = await rawListener(relay);
    const sender = senderTo(relay.endpoint);
    const sent = sender.send(get('/'));
    sent.catch(() => {});
    const rendezvous = await new RawPeer(String((await listener.heard())['address'])).opened();
    await expect(sent).rejects.toMatchObject({ code: 'timeout', status: 504 });
    await until(() => rendezvous.closure !== undefined);
    expect(rendezvous.closure?.code).toBe(1001);
  });

  it('502 when the listener is lost before it answers', async () => {
    const relay = await relayWith();
    const listener = await rawListener(relay);
    const seen = plain(`${relay.endpoint}/hyco`, { ServiceBusAuthorization: tokenFor('hyco') });
    await listener.heard();
    listener.socket.terminate();
    expect(await seen).toMatchObject({ status: 502, via: undefined });
  });

  it.each([502, 504, 101, 700])('500 when the listener answers with status %i', async (statusCode) => {
    const relay = await relayWith();
    const listener = await rawListener(relay);
    const seen = plain(`${relay.endpoint}/hyco`, { ServiceBusAuthorization: tokenFor('hyco') });
    const { id } = await listener.heard();
    listener.say({ response: { requestId: id, statusCode, responseHeaders: {}, body: false } });
    expect(await seen).toMatchObject({ status: 500, via: undefined });
  });
});

it('an answer that stands still for too long is cut off, with its rendezvous', async () => {
  const relay = await relayWith({ idleResponse: 40 });
  const listener = await rawListener(relay);
  const sent = senderTo(relay.endpoint).send(get('/'));
  const { id, address } = await listener.heard();
  const rendezvous = await new RawPeer(String(address)).opened();
  rendezvous.say({ response: { requestId: id, statusCode: 200, responseHeaders: {}, body: true } });
  const { body } = await sent;
  await expect(body.toArray()).rejects.toThrow();
  await until(() => rendezvous.closure !== undefined);
});

describe('a listener is refused with', () => {
  it.each([
    ['401 without a token', '/$hc/hyco?sb-hc-action=listen', 401],
    [
      '403 with a token that may only send',
      `/$hc/hyco?sb-hc-action=listen&sb-hc-token=${encodeURIComponent(tokenFor('hyco', 'send'))}`,
      403,
    ],
    [
      '403 with a token for another',
      `/$hc/hyco?sb-hc-action=listen&sb-hc-token=${encodeURIComponent(tokenFor('x', 'listen'))}`,
      403,
    ],
    [
      '404 where there is no such hybrid connection',
      `/$hc/missing?sb-hc-action=listen&sb-hc-token=${encodeURIComponent(tokenFor('missing'))}`,
      404,
    ],
    ['404 at an address that is malformed', '/hyco?sb-hc-action=listen', 404],
    ['400 for an action that is unknown', '/$hc/hyco?sb-hc-action=dance', 400],
    ['400 without an action', '/$hc/hyco', 400],
    [
      '403 at a rendezvous that was never offered',
      '/$hc/hyco?sb-hc-action=request&sb-hc-id=1&sb-hc-offer=guess',
      403,
    ],
    ['403 at an accept that was never offered', '/$hc/hyco?sb-hc-action=accept&sb-hc-id=1', 403],
  ])('%s', async (_what, path, status) => {
    const relay = await relayWith({}, { exists: (name) => name !== 'missing' });
    expect((await new RawPeer(`${webSocketEndpoint(relay)}${path}`).opened()).refusal).toBe(status);
    expect(relay.connections().size).toBe(0);
  });
});

it('a rendezvous address works once, only for its action and only for its hybrid connection', async () => {
  const relay = await relayWith();
  const listener = await rawListener(relay);
  void senderTo(relay.endpoint)
    .send(get('/'))
    .catch(() => {});
  const address = String((await listener.heard())['address']);
  expect((await new RawPeer(address.replace('/hyco?', '/other?')).opened()).refusal).toBe(403);
  expect((await new RawPeer(address.replace('=request', '=accept')).opened()).refusal).toBe(403);
  expect((await new RawPeer(address).opened()).refusal).toBeUndefined();
  expect((await new RawPeer(address).opened()).refusal).toBe(403);
});
