import { connect } from 'node:net';
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
  settled,
  tokenFor,
  until,
} from './tunnel-setup.ts';

let relay: Relay;
let sender: RelaySender;
beforeEach(async () => {
  relay = await relayWith();
  sender = senderTo(relay.endpoint);
});
afterEach(cleanUp);

/** The relay goes on serving others. */
async function expectSound(): Promise<void> {
  const listener = await rawListener(relay, 'sound');
  const sent = sender.send(get('/', { connection: 'sound' }));
  const { id } = await listener.heard();
  listener.say({ response: { requestId: id, statusCode: 200, responseHeaders: {}, body: false } });
  expect((await sent).status).toBe(200);
}

const response = (more: Record<string, unknown>) =>
  JSON.stringify({
    response: { requestId: 'x', statusCode: 200, responseHeaders: {}, body: false, ...more },
  });

describe('a control channel is closed by', () => {
  it.each([
    ['text that is no JSON', 1002, 'hello'],
    ['an array', 1002, '[1]'],
    ['null', 1002, 'null'],
    ['an empty object', 1002, '{}'],
    ['JSON of another protocol', 1002, '{"jsonrpc":"2.0"}'],
    ['a request, which is for the service to send', 1002, '{"request":{"id":"1"}}'],
    ['a response that is a text', 1002, '{"response":"200"}'],
    ['a response without a request id', 1002, response({ requestId: undefined })],
    ['a request id that is an object', 1002, response({ requestId: {} })],
    ['a status that is a word', 1002, response({ statusCode: 'OK' })],
    ['header fields in a list', 1002, response({ responseHeaders: ['a'] })],
    ['header fields of 33 kB', 1002, response({ responseHeaders: { a: 'x'.repeat(33 * 1024) } })],
    ['a text of 200 kB', 1009, response({ padding: 'x'.repeat(200 * 1024) })],
    ['JSON nested 50,000 deep', 1002, '['.repeat(50_000)],
    ['a token that is a number', 1002, '{"renewToken":{"token":5}}'],
    ['a binary message that nothing announced', 1002, Buffer.from('x')],
  ])('%s', async (_what, code, message) => {
    const listener = await rawListener(relay);
    listener.socket.send(message);
    await until(() => listener.closure !== undefined);
    expect(listener.closure?.code).toBe(code);
    expect(relay.connections().size).toBe(0);
    await expectSound();
  });

  it('a body of more than 64 kB', async () => {
    const listener = await rawListener(relay);
    listener.say(response({ body: true }));
    listener.socket.send(Buffer.alloc(64 * 1024 + 1));
    await until(() => listener.closure !== undefined);
    expect(listener.closure?.code).toBe(1009);
  });

  it('a response where the body of another was announced, so that no body is taken for another', async () => {
    const listener = await rawListener(relay);
    listener.say(response({ body: true }));
    listener.say(response({ requestId: 'y', body: true }));
    listener.socket.send(Buffer.from('whose?'));
    await until(() => listener.closure !== undefined);
    expect(listener.closure?.code).toBe(1002);
  });

  it.each([
    ['an unmasked frame', [0x81, 0x02, 0x7b, 0x7d], 1002],
    ['a reserved bit', [0xc1, 0x80, 0, 0, 0, 0], 1002],
    ['text that is not UTF-8', [0x81, 0x81, 0, 0, 0, 0, 0xff], 1007],
    ['a frame that claims 2^60 bytes', [0x81, 0xff, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 1009],
    ['a close code of one byte', [0x88, 0x81, 0, 0, 0, 0, 1], 1002],
  ])('%s', async (_what, bytes, code) => {
    const { port } = new URL(relay.endpoint);
    const socket = connect(Number(port), '127.0.0.1');
    onCleanUp(() => socket.destroy());
    const received: Buffer[] = [];
    socket.on('data', (chunk) => received.push(chunk));
    socket.write(
      `GET /$hc/hyco?sb-hc-action=listen HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n` +
        `ServiceBusAuthorization: ${tokenFor('hyco')}\r\n\r\n`,
    );
    await until(() => relay.connections().size === 1);
    socket.write(Buffer.from(bytes));
    await until(() => relay.connections().size === 0);
    await until(() => Buffer.concat(received).includes(Buffer.from([code >> 8, code & 0xff])));
    await expectSound();
  });
});

describe('a control channel stands', () => {
  it('when it answers what nobody asked, with a body that is swallowed', async () => {
    const listener = await rawListener(relay);
    listener.say(response({ requestId: 'invented', body: true }));
    listener.socket.send(Buffer.from('for nobody'));
    const sent = sender.send(get('/'));
    const { id } = await listener.heard();
    listener.say(response({ requestId: id }));
    expect(await bytesOf((await sent).body)).toEqual(Buffer.alloc(0));
  });

  it('when it answers the request of another listener, which stays unanswered', async () => {
    const asked = await rawListener(relay, 'asked');
    const nosy = await rawListener(relay, 'nosy');
    const sent = sender.send(get('/', { connection: 'asked' }));
    const { id } = await asked.heard();
    nosy.say(response({ requestId: id, responseHeaders: { from: 'nosy' } }));
    let pong = false;
    nosy.socket.once('pong', () => (pong = true));
    nosy.socket.ping();
    await until(() => pong);
    asked.say(response({ requestId: id, responseHeaders: { from: 'asked' } }));
    expect((await sent).headers['from']).toBe('asked');
  });

  it('when it answers with header fields that would split the response, which are dropped', async () => {
    const listener = await rawListener(relay);
    const sent = sender.send(get('/'));
    const { id } = await listener.heard();
    listener.say(
      response({
        requestId: id,
        responseHeaders: { ok: '1', split: 'a\r\nSet-Cookie: b' },
        statusDescription: 'a\r\nb',
      }),
    );
    const { headers } = await sent;
    expect(headers['ok']).toBe('1');
    expect(headers).not.toHaveProperty('split');
    expect(headers).not.toHaveProperty('set-cookie');
  });

  it('but gets no pongs without end when it pings and does not read them', async () => {
    const listener = await rawListener(relay);
    listener.socket.pause();
    let sent = 0;
    const flood = setInterval(() => {
      for (let i = 0; i < 2000; i++) listener.socket.ping(Buffer.alloc(125), true, () => sent++);
    }, 5);
    await until(() => sent > 20_000);
    clearInterval(flood);
    await expectSound();
  });
});

describe('a rendezvous is closed with 1002, and the sender gets 500,', () => {
  it.each([
    ['for the response to another request', { requestId: 'other' }],
    ['for a message that is malformed', { statusCode: 'OK' }],
  ])('%s', async (_what, more) => {
    const listener = await rawListener(relay);
    const sent = sender.send(get('/'));
    const { id, address } = await listener.heard();
    const rendezvous = await new RawPeer(String(address)).opened();
    rendezvous.say(response({ requestId: id, ...more }));
    await expect(sent).rejects.toMatchObject({ code: 'broken', status: 500 });
    await until(() => rendezvous.closure !== undefined);
    expect(rendezvous.closure?.code).toBe(1002);
  });

  it('for a second response', async () => {
    const listener = await rawListener(relay);
    const sent = sender.send(get('/'));
    const { id, address } = await listener.heard();
    const rendezvous = await new RawPeer(String(address)).opened();
    rendezvous.say(response({ requestId: id, body: true }));
    rendezvous.socket.send(Buffer.from('one'), { binary: true, fin: true });
    rendezvous.say(response({ requestId: id, body: true }));
    await sent;
    await until(() => rendezvous.closure !== undefined);
    expect(rendezvous.closure?.code).toBe(1002);
  });

  it('for a renewal, which belongs on the control channel', async () => {
    const listener = await rawListener(relay);
    const sent = sender.send(get('/'));
    const rendezvous = await new RawPeer(String((await listener.heard())['address'])).opened();
    rendezvous.say({ renewToken: { token: tokenFor('hyco', 'listen') } });
    await expect(sent).rejects.toMatchObject({ status: 500 });
  });
});

describe('what is not a WebSocket handshake', () => {
  const exchange = (text: string) =>
    new Promise<string>((resolve) => {
      const { port } = new URL(relay.endpoint);
      const socket = connect(Number(port), '127.0.0.1', () => socket.write(text));
      onCleanUp(() => socket.destroy());
      let seen = '';
      socket.on('data', (chunk) => (seen += chunk.toString()));
      socket.on('error', () => {});
      socket.on('close', () => resolve(seen));
    });
  const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';

  it.each([
    [
      'without a key',
      `GET /$hc/a?sb-hc-action=listen HTTP/1.1\r\nHost: a\r\n${upgrade}Sec-WebSocket-Version: 13\r\n\r\n`,
      400,
    ],
    [
      'of an old version',
      `GET /$hc/a?sb-hc-action=listen HTTP/1.1\r\nHost: a\r\n${upgrade}Sec-WebSocket-Version: 8\r\n\r\n`,
      426,
    ],
    [
      'by POST',
      `POST /$hc/a?sb-hc-action=listen HTTP/1.1\r\nHost: a\r\n${upgrade}Sec-WebSocket-Version: 13\r\n\r\n`,
      400,
    ],
    [
      'to another protocol',
      'GET /$hc/a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
      400,
    ],
    ['outside $hc', `GET /a HTTP/1.1\r\nHost: a\r\n${upgrade}\r\n`, 404],
  ])('is refused: %s', async (_what, text, status) => {
    expect(await exchange(text)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });

  it('is not even HTTP: it is refused and the relay goes on', async () => {
    expect(await exchange('\x16\x03\x01\x02 hello\r\n\r\n')).toMatch(/^HTTP\/1.1 400 /);
    await expectSound();
  });
});

it('a listener that does not read is passed over once too much waits for it', async () => {
  await cleanUp();
  relay = await relayWith({ backlog: 256 * 1024, answerWithin: 3000 });
  sender = senderTo(relay.endpoint);
  const deaf = await rawListener(relay);
  deaf.socket.pause();
  const statuses: (number | undefined)[] = [];
  let answered = 0;
  for (let i = 0; i < 300; i++) {
    void sender
      .send(get('/', { method: 'POST', body: Buffer.alloc(60_000) }))
      .catch((error: { status?: number }) => statuses.push(error.status))
      .finally(() => answered++);
  }
  await settled(() => answered);
  expect(statuses.length).toBeGreaterThan(0);
  expect(new Set(statuses)).toEqual(new Set([502]));
});
