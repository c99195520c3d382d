import type { Relay } from '../../../local/relay/relay.ts';
import {
  cleanUp,
  RawPeer,
  rawListener,
  relayWith,
  settled,
  tokenFor,
  until,
  webSocketEndpoint,
} from './tunnel-setup.ts';

let relay: Relay;
let listener: RawPeer;
beforeEach(async () => {
  relay = await relayWith({ acceptWithin: 1000 });
  listener = await rawListener(relay);
});
afterEach(cleanUp);

const connect = (path = 'hyco', more = '', protocols: string[] = [], headers: Record<string, string> = {}) =>
  new RawPeer(
    `${webSocketEndpoint(relay)}/$hc/${path}${path.includes('?') ? '&' : '?'}sb-hc-action=connect` +
      `&sb-hc-token=${encodeURIComponent(tokenFor('hyco', 'send'))}${more}`,
    headers,
    protocols,
  );

async function joined(): Promise<[RawPeer, RawPeer]> {
  const sender = connect();
  const accept = await listener.heard(listener.texts.length + 1);
  const accepted = await new RawPeer(String(accept['address'])).opened();
  return [await sender.opened(), accepted];
}

describe('a sender that opens a WebSocket', () => {
  it('is announced to a listener with its path, its headers and its id', async () => {
    connect('hyco/suffix?param=value', '&sb-hc-id=trace-1', ['chat', 'superchat'], { 'X-Own': '1' });
    const accept = await listener.heard();
    expect(accept).toMatchObject({
      id: 'trace-1',
      address: expect.stringMatching(
        /\/\$hc\/hyco\/suffix\?param=value&sb-hc-action=accept&sb-hc-id=trace-1&/,
      ) as string,
      connectHeaders: { 'Sec-WebSocket-Protocol': 'chat,superchat', 'X-Own': '1', Upgrade: 'websocket' },
      remoteEndpoint: { address: '127.0.0.1' },
    });
    expect(String(accept['address'])).not.toContain('sb-hc-token');
  });

  it('talks to the listener that accepts, in the protocol it chose', async () => {
    const sender = connect('hyco', '', ['chat', 'superchat']);
    const accept = await listener.heard();
    const accepted = await new RawPeer(String(accept['address']), {}, ['superchat']).opened();
    await sender.opened();
    expect(sender.socket.protocol).toBe('superchat');
    sender.say({ hello: { from: 'sender' } });
    accepted.say({ hello: { from: 'listener' } });
    accepted.socket.send(Buffer.from('bytes'));
    expect(await accepted.heard()).toEqual({ from: 'sender' });
    expect(await sender.heard()).toEqual({ from: 'listener' });
    await until(() => sender.binaries.length === 1);
    expect(sender.binaries[0]?.toString()).toBe('bytes');
  });

  it('exchanges large and fragmented messages and pings unchanged', async () => {
    const [sender, accepted] = await joined();
    const large = Buffer.alloc(5_000_000, 'large');
    sender.socket.send(large);
    sender.socket.send('fragments ', { binary: true, fin: false });
    sender.socket.send('of one message', { binary: true, fin: true });
    await until(() => accepted.binaries.length === 2);
    expect(accepted.binaries[0]?.equals(large)).toBe(true);
    expect(accepted.binaries[1]?.toString()).toBe('fragments of one message');
    let pong = '';
    sender.socket.once('pong', (data) => (pong = data.toString()));
    sender.socket.ping('who is there');
    await until(() => pong === 'who is there');
  });

  it('is held up while the listener does not read', async () => {
    const [sender, accepted] = await joined();
    accepted.socket.pause();
    let written = 0;
    for (let i = 0; i < 1000; i++) sender.socket.send(Buffer.alloc(100_000), () => (written += 100_000));
    expect(await settled(() => written)).toBeLessThan(60_000_000);
    accepted.socket.resume();
    await until(() => accepted.binaries.length === 1000);
  });

  it('hears the code and reason with which the listener closes, and the other way round', async () => {
    const [sender, accepted] = await joined();
    accepted.socket.close(4001, 'enough');
    await until(() => sender.closure !== undefined);
    expect(sender.closure).toEqual({ code: 4001, reason: 'enough' });

    const [again, other] = await joined();
    again.socket.close(1000, 'bye');
    await until(() => other.closure !== undefined);
    expect(other.closure).toEqual({ code: 1000, reason: 'bye' });
  });

  it('that vanishes is reported with 1001; a listener that vanishes with 1000', async () => {
    const [sender, accepted] = await joined();
    sender.socket.terminate();
    await until(() => accepted.closure !== undefined);
    expect(accepted.closure?.code).toBe(1001);

    const [again, other] = await joined();
    other.socket.terminate();
    await until(() => again.closure !== undefined);
    expect(again.closure?.code).toBe(1000);
  });

  it('and breaks RFC 6455 is closed, and so is the listener', async () => {
    const [sender, accepted] = await joined();
    const raw = (sender.socket as unknown as { _socket: { write(bytes: Buffer): void } })._socket;
    raw.write(Buffer.from([0x82, 0x00]));
    await until(() => sender.closure !== undefined && accepted.closure !== undefined);
    expect(sender.closure?.code).toBe(1002);
  });

  it('gets the status with which the listener rejects it, and the listener gets 410', async () => {
    const sender = connect();
    const { address } = await listener.heard();
    const rejection = new RawPeer(
      `${String(address)}&sb-hc-statusCode=403&sb-hc-statusDescription=not%20you`,
    );
    expect((await rejection.opened()).refusal).toBe(410);
    expect((await sender.opened()).refusal).toBe(403);
    expect((await new RawPeer(String(address)).opened()).refusal).toBe(403);
  });

  it.each(['200', '999', 'abc'])(
    'gets 500 when it is rejected with %s, which is no error',
    async (status) => {
      const sender = connect();
      const { address } = await listener.heard();
      await new RawPeer(`${String(address)}&sb-hc-statusCode=${status}`).opened();
      expect((await sender.opened()).refusal).toBe(500);
    },
  );

  it('gets 504 when nobody accepts in time', async () => {
    await cleanUp();
    relay = await relayWith({ acceptWithin: 30 });
    listener = await rawListener(relay);
    const sender = connect();
    const { address } = await listener.heard();
    expect((await sender.opened()).refusal).toBe(504);
    expect((await new RawPeer(String(address)).opened()).refusal).toBe(403);
  });

  it('and leaves before it is accepted leaves nothing to accept', async () => {
    const sender = connect();
    const { address } = await listener.heard();
    sender.socket.terminate();
    await until(() => sender.closure !== undefined);
    await settled(() => 0);
    expect((await new RawPeer(String(address)).opened()).refusal).toBe(403);
  });

  it('gets 404 when nobody listens, 401 without a token and 403 with one that may not send', async () => {
    const base = `${webSocketEndpoint(relay)}/$hc/hyco?sb-hc-action=connect`;
    const listenOnly = encodeURIComponent(tokenFor('hyco', 'listen'));
    expect((await new RawPeer(base).opened()).refusal).toBe(401);
    expect((await new RawPeer(`${base}&sb-hc-token=${listenOnly}`).opened()).refusal).toBe(403);
    listener.socket.terminate();
    await until(() => relay.connections().size === 0);
    expect((await connect().opened()).refusal).toBe(404);
  });
});
