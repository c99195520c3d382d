import { request as httpRequest } from 'node:http';
import type { Relay } from '../../local/relay/relay.ts';
import { hour } from '../../shared/clock.ts';
import { systemClock } from '../../shared/system-clock.ts';
import {
  cleanUp,
  RawPeer,
  rawListener,
  relayWith,
  tokenFor,
  until,
  webSocketEndpoint,
} from '../unit/tunnel/tunnel-setup.ts';

/**
 * Our relay against the "Azure Relay Hybrid Connections protocol" guide, in the guide's order and under its headings.
 * The peers know nothing but what the guide says of the wire.
 */

afterEach(cleanUp);

const enc = encodeURIComponent;
const exists = (name: string) => name !== 'missing';
const tracking = /TrackingId:[\w-]+/;

interface Exchange {
  readonly status: number;
  readonly reason: string;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}

/** A bare HTTP request; for an upgrade that is refused too. */
const exchange = (
  relay: Relay,
  path: string,
  { method = 'GET', headers = {}, body }: { method?: string; headers?: object; body?: Buffer } = {},
): Promise<Exchange> =>
  new Promise((resolve, reject) => {
    const sent = httpRequest(
      `${relay.endpoint}${path}`,
      { agent: false, method, headers: { ...headers } },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            reason: response.statusMessage ?? '',
            headers: response.headers,
            body: text,
          }),
        );
      },
    );
    sent.on('upgrade', (_, socket) => {
      socket.destroy();
      resolve({ status: 101, reason: '', headers: {}, body: '' });
    });
    sent.on('error', reject).end(body);
  });

const upgrade = (relay: Relay, path: string, headers: object = {}) =>
  exchange(relay, path, {
    headers: {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      ...headers,
    },
  });

const send = (relay: Relay, path = '/hyco', more: Parameters<typeof exchange>[2] = {}) =>
  exchange(relay, path, {
    ...more,
    headers: { ServiceBusAuthorization: tokenFor('hyco', 'send'), ...more.headers },
  });

const response = (requestId: unknown, more: object = {}) => ({
  response: { requestId, statusCode: 200, responseHeaders: {}, body: false, ...more },
});

describe('Listener control channel connection', () => {
  it.each([
    ['the token in the query', `sb-hc-action=listen&sb-hc-token=${enc(tokenFor('hyco', 'listen'))}`, {}],
    ['an id besides', `sb-hc-action=listen&sb-hc-id=a1&sb-hc-token=${enc(tokenFor('hyco', 'listen'))}`, {}],
    ['a token in a header', 'sb-hc-action=listen', { ServiceBusAuthorization: tokenFor('hyco', 'listen') }],
    ['a token for the namespace', 'sb-hc-action=listen', { ServiceBusAuthorization: tokenFor('', 'listen') }],
  ])('opens with %s', async (_, query, headers) => {
    const relay = await relayWith({}, { exists });
    expect((await upgrade(relay, `/$hc/hyco?${query}`, headers)).status).toBe(101);
  });

  it.each([
    [404, 'a path that is not registered', '/$hc/missing?sb-hc-action=listen', tokenFor('missing', 'listen')],
    [404, 'a base URL that is malformed', '/hc/hyco?sb-hc-action=listen', tokenFor('hyco', 'listen')],
    [401, 'no token', '/$hc/hyco?sb-hc-action=listen', undefined],
    [401, 'a malformed token', '/$hc/hyco?sb-hc-action=listen', 'SharedAccessSignature sr=x'],
    [401, 'an expired token', '/$hc/hyco?sb-hc-action=listen', tokenFor('hyco', 'listen', 1000)],
    [403, 'a token for another path', '/$hc/hyco?sb-hc-action=listen', tokenFor('other', 'listen')],
    [403, 'a token for another action', '/$hc/hyco?sb-hc-action=listen', tokenFor('hyco', 'send')],
    [400, 'an action that is none', '/$hc/hyco?sb-hc-action=dance', tokenFor('hyco', 'listen')],
  ])('is refused with %i and a tracking id for %s', async (status, _, path, token) => {
    const relay = await relayWith({}, { exists });
    const refused = await upgrade(relay, path, token === undefined ? {} : { ServiceBusAuthorization: token });
    expect(refused).toMatchObject({ status, reason: expect.stringMatching(tracking) as string });
  });

  it('tracks what the client asked to have tracked', async () => {
    const refused = await upgrade(await relayWith(), '/$hc/hyco?sb-hc-action=listen&sb-hc-id=my-trace');
    expect(refused.reason).toContain('TrackingId:my-trace');
  });

  it('is open to 25 listeners of one hybrid connection, and to no more', async () => {
    const relay = await relayWith();
    await Promise.all(Array.from({ length: 25 }, () => rawListener(relay)));
    expect((await rawListener(relay)).refusal).toBe(403);
    expect((await rawListener(relay, 'another')).refusal).toBeUndefined();
  });

  it('is closed with 1001 and a tracking id when the path is deleted or disabled', async () => {
    const relay = await relayWith();
    const listener = await rawListener(relay);
    relay.disconnect('hyco');
    await until(() => listener.closure !== undefined);
    expect(listener.closure).toEqual({ code: 1001, reason: expect.stringMatching(tracking) as string });
  });

  it('is closed with 1008 and a tracking id when its token expires, which ends no ongoing rendezvous', async () => {
    let now = systemClock.now();
    const relay = await relayWith({ expiryCheck: 10 }, { clock: { now: () => now } });
    const listener = await rawListener(relay);
    const answer = send(relay);
    const { id, address } = await listener.heard();
    const rendezvous = await new RawPeer(String(address)).opened();
    now += 2 * hour;
    await until(() => listener.closure !== undefined);
    expect(listener.closure).toEqual({ code: 1008, reason: expect.stringMatching(tracking) as string });
    rendezvous.say(response(id, { body: true }));
    rendezvous.socket.send(Buffer.from('still here'));
    expect((await answer).body).toBe('still here');
  });
});

describe('Accept handshake', () => {
  const connecting = async (
    path = 'hyco',
    headers: Record<string, string> = {},
    protocols: string[] = [],
  ) => {
    const relay = await relayWith();
    const listener = await rawListener(relay);
    const query = `sb-hc-action=connect&sb-hc-id=4cb542c3&sb-hc-token=${enc(tokenFor('hyco', 'send'))}`;
    const url = `${webSocketEndpoint(relay)}/$hc/${path}${path.includes('?') ? '&' : '?'}${query}`;
    const sender = new RawPeer(url, headers, protocols);
    return { relay, sender, accept: await listener.heard() };
  };

  it('announces address, id and the headers of the sender; the address keeps its path and query', async () => {
    const { accept } = await connecting('hyco/suffix?param=value', { 'X-Own': 'yes' }, ['chat']);
    expect(accept).toMatchObject({
      id: '4cb542c3',
      connectHeaders: { 'Sec-WebSocket-Protocol': 'chat', 'X-Own': 'yes' },
    });
    const address = new URL(String(accept['address']));
    expect(address.pathname).toBe('/$hc/hyco/suffix');
    expect(Object.fromEntries(address.searchParams)).toMatchObject({
      param: 'value',
      'sb-hc-action': 'accept',
      'sb-hc-id': '4cb542c3',
    });
    expect(address.search).not.toContain('sb-hc-token');
  });

  it('accepting: the listener connects to the address once, and is joined with the sender', async () => {
    const { sender, accept } = await connecting();
    const accepted = await new RawPeer(String(accept['address'])).opened();
    await sender.opened();
    sender.say({ a: { from: 'sender' } });
    expect(await accepted.heard()).toEqual({ from: 'sender' });
    accepted.say({ a: { from: 'listener' } });
    expect(await sender.heard()).toEqual({ from: 'listener' });
    expect((await new RawPeer(String(accept['address'])).opened()).refusal).toBe(403);
    sender.socket.terminate();
    await until(() => accepted.closure !== undefined);
    expect(accepted.closure?.code).toBe(1001);
  });

  it('the sender gets 1000 when the listener shuts the socket down', async () => {
    const { sender, accept } = await connecting();
    const accepted = await new RawPeer(String(accept['address'])).opened();
    await sender.opened();
    accepted.socket.close(1000);
    await until(() => sender.closure !== undefined);
    expect(sender.closure?.code).toBe(1000);
  });

  it('both get 1001 when the path is deleted or disabled', async () => {
    const { relay, sender, accept } = await connecting();
    const accepted = await new RawPeer(String(accept['address'])).opened();
    await sender.opened();
    relay.disconnect('hyco');
    for (const peer of [sender, accepted]) {
      await until(() => peer.closure !== undefined);
      expect(peer.closure).toEqual({ code: 1001, reason: expect.stringMatching(tracking) as string });
    }
  });

  it('rejecting: status and description flow to the sender, and the handshake ends with 410', async () => {
    const { sender, accept } = await connecting();
    let reason: string | undefined;
    sender.socket.once('unexpected-response', (_, answer) => (reason = answer.statusMessage));
    const rejection = `${String(accept['address'])}&sb-hc-statusCode=501&sb-hc-statusDescription=Not%20relayed`;
    expect((await new RawPeer(rejection).opened()).refusal).toBe(410);
    await sender.opened();
    expect([sender.refusal, reason]).toEqual([501, 'Not relayed']);
  });

  it.each([
    [404, '/$hc/missing', tokenFor('missing', 'send')],
    [401, '/$hc/hyco', undefined],
    [403, '/$hc/hyco', tokenFor('hyco', 'listen')],
    [403, '/$hc/hyco', tokenFor('other', 'send')],
  ])('a sender is refused with %i at %s', async (status, path, token) => {
    const relay = await relayWith({}, { exists });
    const headers = token === undefined ? {} : { ServiceBusAuthorization: token };
    const refused = await upgrade(relay, `${path}?sb-hc-action=connect`, headers);
    expect(refused).toMatchObject({ status, reason: expect.stringMatching(tracking) as string });
  });
});

describe('Request message', () => {
  it('carries address, id, target without any sb-hc- parameter, method, headers and body', async () => {
    const relay = await relayWith();
    const listener = await rawListener(relay);
    const path = `/hyco/abc/def?myarg=value&sb-hc-id=7&SB-HC-x=1&otherarg=2&sb-hc-token=${enc(tokenFor('hyco', 'send'))}`;
    const answer = exchange(relay, path, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        'User-Agent': 'test',
        'X-Own': 'a',
        Authorization: 'mine',
      },
      body: Buffer.from('{"hey":"mydata"}'),
    });
    const request = await listener.heard();
    expect(request).toMatchObject({
      address: expect.stringMatching(/^ws:\/\/.*\/\$hc\/hyco\?.*sb-hc-action=request/) as string,
      id: expect.any(String) as string,
      requestTarget: '/hyco/abc/def?myarg=value&otherarg=2',
      method: 'POST',
      body: true,
    });
    const headers = request['requestHeaders'] as Record<string, string>;
    expect(headers).toMatchObject({
      'Content-Type': 'application/json',
      'X-Own': 'a',
      Authorization: 'mine',
    });
    await until(() => listener.binaries.length === 1);
    expect(listener.binaries[0]?.toString()).toBe('{"hey":"mydata"}');
    listener.say(response(request['id']));
    expect((await answer).status).toBe(200);
  });

  it.each([
    ['Connection', { Connection: 'close' }],
    ['Content-Length', { 'Content-Length': '0' }],
    ['Host', { Host: 'namespace' }],
    ['TE', { TE: 'trailers' }],
    ['Trailer', { Trailer: 'Expires', 'Transfer-Encoding': 'chunked' }],
    ['Transfer-Encoding', { 'Transfer-Encoding': 'chunked' }],
    ['Upgrade', { Upgrade: 'h2c' }],
    ['Close', { Close: 'x' }],
  ])('does not forward %s, which concerns one connection', async (name, headers) => {
    const relay = await relayWith();
    const listener = await rawListener(relay);
    void send(relay, '/hyco', { headers }).catch(() => {});
    const request = await listener.heard();
    const names = Object.keys(request['requestHeaders'] as object).map((each) => each.toLowerCase());
    expect(names).not.toContain(name.toLowerCase());
    expect(names).toContain('via');
  });

  it.each([
    ['of more than 64 kB', Buffer.alloc(70_000, 'x'), {}],
    ['with much in its head', undefined, { a: 'x'.repeat(31_000), b: '"'.repeat(1000) }],
    ['sent in chunks that do not end at once', Buffer.alloc(70_000, 'y'), { 'Transfer-Encoding': 'chunked' }],
  ])('%s: what does not fit the control channel waits at the rendezvous', async (_, body, headers) => {
    const relay = await relayWith({ bodyWithin: 20 });
    const listener = await rawListener(relay);
    const answer = send(relay, '/hyco/large?a=b', {
      method: 'POST',
      headers,
      ...(body !== undefined && { body }),
    });
    let at: RawPeer = listener;
    const first = await listener.heard();
    if (first['method'] === undefined) {
      expect(Object.keys(first)).toEqual(['address']);
      at = await new RawPeer(String(first['address'])).opened();
    } else expect(body).toBeUndefined();
    const request = await at.heard();
    expect(request).toMatchObject({ requestTarget: '/hyco/large?a=b', body: body !== undefined });
    if (body !== undefined) {
      await until(() => at.binaries.length === 1);
      expect(at.binaries[0]?.equals(body)).toBe(true);
    }
    at.say(response(request['id']));
    expect((await answer).status).toBe(200);
  });
});

describe('Responding to requests', () => {
  it.each([
    ['a status that is a number', { statusCode: 201 }, 201],
    ['a status that is a text, as in the example', { statusCode: '200' }, 200],
    ['no headers and no body member', { responseHeaders: undefined, body: undefined }, 200],
  ])('takes %s', async (_, more, status) => {
    const relay = await relayWith();
    const listener = await rawListener(relay);
    const answer = send(relay);
    listener.say(response((await listener.heard())['id'], more));
    expect((await answer).status).toBe(status);
  });

  it('passes description, headers and a body in several fragments on, and adds Via', async () => {
    const relay = await relayWith();
    const listener = await rawListener(relay);
    const answer = send(relay);
    const { id } = await listener.heard();
    const responseHeaders = { 'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked' };
    listener.say(response(id, { statusDescription: 'As You Like', responseHeaders, body: true }));
    listener.socket.send(Buffer.from('{ "hey" '), { binary: true, fin: false });
    listener.socket.send(Buffer.from(': "mydata" }'), { binary: true, fin: true });
    expect(await answer).toMatchObject({
      status: 200,
      reason: 'As You Like',
      body: '{ "hey" : "mydata" }',
      headers: { 'content-type': 'application/json', via: expect.any(String) as string },
    });
  });

  it.each([502, 504])('does not permit %i, which is the service’s own', async (statusCode) => {
    const relay = await relayWith();
    const listener = await rawListener(relay);
    const answer = send(relay);
    listener.say(response((await listener.heard())['id'], { statusCode }));
    const seen = await answer;
    expect([seen.status, seen.headers['via']]).toEqual([500, undefined]);
  });

  it('via rendezvous: takes more than 64 kB there, and 1009 ends a control channel that is sent it', async () => {
    const relay = await relayWith();
    const listener = await rawListener(relay);
    const answer = send(relay);
    const { id, address } = await listener.heard();
    const rendezvous = await new RawPeer(String(address)).opened();
    rendezvous.say(response(id, { body: true }));
    rendezvous.socket.send(Buffer.alloc(100_000, 'x'));
    expect((await answer).body).toHaveLength(100_000);
    const second = send(relay);
    const { id: next } = await listener.heard(2);
    listener.say(response(next, { body: true }));
    listener.socket.send(Buffer.alloc(65_537));
    await until(() => listener.closure !== undefined);
    expect(listener.closure?.code).toBe(1009);
    expect((await second).status).toBe(502);
  });

  it.each([
    [400, 'an unrecognized action', (address: string) => address.replace('=request', '=respond')],
    [403, 'an address that was made up', (address: string) => address.replace(/offer=[^&]+/, 'offer=x')],
  ])('via rendezvous: refused with %i for %s', async (status, _, twist) => {
    const relay = await relayWith();
    const listener = await rawListener(relay);
    void send(relay).catch(() => {});
    const address = String((await listener.heard())['address']);
    expect((await new RawPeer(twist(address)).opened()).refusal).toBe(status);
  });

  it('via rendezvous: refused with 403 when the address has expired with its request', async () => {
    const relay = await relayWith({ answerWithin: 40 });
    const listener = await rawListener(relay);
    const answer = send(relay);
    const address = String((await listener.heard())['address']);
    expect((await answer).status).toBe(504);
    expect((await new RawPeer(address).opened()).refusal).toBe(403);
  });
});

it('Responding via rendezvous: closed with 1001 and a tracking id when the path is deleted or disabled', async () => {
  const relay = await relayWith();
  const listener = await rawListener(relay);
  const answer = send(relay);
  const rendezvous = await new RawPeer(String((await listener.heard())['address'])).opened();
  relay.disconnect('hyco');
  await until(() => rendezvous.closure !== undefined);
  expect(rendezvous.closure).toEqual({ code: 1001, reason: expect.stringMatching(tracking) as string });
  expect((await answer).status).toBe(502);
});

describe('Listener token renewal', () => {
  it('replaces the token without a reply, and the channel outlives the first', async () => {
    let now = systemClock.now();
    const relay = await relayWith({ expiryCheck: 10 }, { clock: { now: () => now } });
    const listener = await rawListener(relay);
    listener.say({ renewToken: { token: tokenFor('hyco', 'listen', now + 4 * hour) } });
    const answer = send(relay);
    listener.say(response((await listener.heard())['id']));
    await answer;
    now += 2 * hour;
    await new Promise((passed) => setTimeout(passed, 60));
    expect([listener.closure, listener.texts.length]).toEqual([undefined, 1]);
  });

  it.each([
    ['expired', tokenFor('hyco', 'listen', 1000)],
    ['for another path', tokenFor('other', 'listen')],
    ['without the Listen right', tokenFor('hyco', 'send')],
    ['none at all', 'hello'],
  ])('closes with 1008 and a tracking id when the new token is %s', async (_, token) => {
    const listener = await rawListener(await relayWith());
    listener.say({ renewToken: { token } });
    await until(() => listener.closure !== undefined);
    expect(listener.closure).toEqual({ code: 1008, reason: expect.stringMatching(tracking) as string });
  });
});

describe('Ping operation', () => {
  it('is answered', async () => {
    const listener = await rawListener(await relayWith());
    let pong = '';
    listener.socket.once('pong', (data) => (pong = data.toString()));
    listener.socket.ping('alive?');
    await until(() => pong !== '');
    expect(pong).toBe('alive?');
  });
});

describe('HTTP request protocol', () => {
  it.each([
    ['the query', `/hyco?sb-hc-token=${enc(tokenFor('hyco', 'send'))}`, {}],
    ['ServiceBusAuthorization', '/hyco', { ServiceBusAuthorization: tokenFor('hyco', 'send') }],
    ['Authorization', '/hyco', { Authorization: tokenFor('hyco', 'send') }],
  ])('takes the token from %s, and hands it to nobody', async (_, path, headers) => {
    const relay = await relayWith();
    const listener = await rawListener(relay);
    const answer = exchange(relay, path, { headers });
    const request = await listener.heard();
    expect(JSON.stringify(request)).not.toContain('SharedAccessSignature');
    listener.say(response(request['id'], { statusCode: 202 }));
    expect(await answer).toMatchObject({ status: 202, headers: { via: expect.any(String) as string } });
  });

  it.each([
    [404, '/missing', tokenFor('missing', 'send')],
    [401, '/hyco', undefined],
    [401, '/hyco', tokenFor('hyco', 'send', 1000)],
    [403, '/hyco', tokenFor('hyco', 'listen')],
    [403, '/hyco', tokenFor('other', 'send')],
    [502, '/hyco', tokenFor('hyco', 'send')],
  ])('says %i at %s for the service itself, without Via', async (status, path, token) => {
    const relay = await relayWith({}, { exists });
    const headers = token === undefined ? {} : { ServiceBusAuthorization: token };
    const seen = await exchange(relay, path, { headers });
    expect(seen).toMatchObject({ status, reason: expect.stringMatching(tracking) as string });
    expect(seen.headers['via']).toBeUndefined();
  });

  it('says 504 when the listener does not answer in time', async () => {
    const relay = await relayWith({ answerWithin: 30 });
    await rawListener(relay);
    expect(await send(relay)).toMatchObject({
      status: 504,
      reason: expect.stringMatching(tracking) as string,
    });
  });
});
