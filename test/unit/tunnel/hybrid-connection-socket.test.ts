import { Duplex, duplexPair } from 'node:stream';
import { encodeFrame, opcode } from '../../../shared/tunnel/hybrid-connection-frame.ts';
import { FrameSocket } from '../../../shared/tunnel/hybrid-connection-socket.ts';
import { systemRandom } from '../../../shared/system-clock.ts';
import { bytesOf, settled, until } from './tunnel-setup.ts';

interface End {
  readonly socket: FrameSocket;
  readonly texts: string[];
  readonly closures: [number, string][];
  /** Called with every text. */
  announces?: () => void;
}

function end(stream: Duplex, role: 'client' | 'service', head = Buffer.alloc(0)): End {
  const texts: string[] = [];
  const closures: [number, string][] = [];
  const handlers = {
    text: (text: string) => {
      texts.push(text);
      self.announces?.();
    },
    closed: (code: number, reason: string) => void closures.push([code, reason]),
  };
  const socket = new FrameSocket(stream, head, {
    role: role === 'client' ? { client: systemRandom } : role,
    handlers,
  });
  const self: End = { socket, texts, closures };
  return self;
}

function pair(): { client: End; service: End; streams: Duplex[] } {
  const streams = duplexPair();
  return { client: end(streams[0], 'client'), service: end(streams[1], 'service'), streams };
}

const mask = Buffer.from([1, 2, 3, 4]);

it('texts, whole binaries and streamed ones arrive in the order in which they were sent', async () => {
  const { client, service } = pair();
  let binary: Buffer | undefined;
  client.socket.sendText('first');
  await until(() => service.texts.length === 1);
  service.announces = () => service.socket.receiveSmall(10, (received) => (binary = received));
  client.socket.sendTextAndBinary('second', Buffer.from('binary'));
  await until(() => binary !== undefined);
  expect([service.texts, binary?.toString()]).toEqual([['first', 'second'], 'binary']);

  const body = client.socket.receiveBody();
  const out = service.socket.sendBody();
  out.write('streamed, ');
  out.write(Buffer.alloc(0));
  out.end('in pieces');
  expect((await bytesOf(body)).toString()).toBe('streamed, in pieces');
  service.socket.sendText('after');
  await until(() => client.texts.length === 1);
});

it('what came behind the handshake is read, and not before its owner has taken hold', async () => {
  const [, stream] = duplexPair();
  const head = Buffer.concat(encodeFrame(opcode.text, Buffer.from('early'), true, mask));
  const service = end(stream, 'service', head);
  await Promise.resolve();
  process.nextTick(() => expect(service.texts).toEqual([]));
  await until(() => service.texts.length === 1);
});

it('a close is answered with its own code, and told once to either side', async () => {
  const { client, service } = pair();
  client.socket.close(4000, 'reason');
  await until(() => client.closures.length > 0 && service.closures.length > 0);
  expect(service.closures).toEqual([[4000, 'reason']]);
  expect(client.closures).toEqual([[4000, '']]);
  expect([client.socket.open, service.socket.open]).toEqual([false, false]);
  client.socket.sendText('more');
  client.socket.close(1000);
  await settled(() => service.texts.length);
  expect(service.texts).toEqual([]);
});

it('a connection that ends without a close counts as 1006', async () => {
  const { client, service, streams } = pair();
  await settled(() => 0);
  streams[0]?.destroy();
  await until(() => client.closures.length > 0 && service.closures.length > 0);
  expect(client.closures).toEqual([[1006, 'the connection was lost']]);
  expect(service.closures).toEqual([[1006, 'the connection was lost']]);
});

it('bodies in both directions fail when the connection is lost', async () => {
  const { client, service, streams } = pair();
  const incoming = service.socket.receiveBody();
  const outgoing = service.socket.sendBody();
  let failed: Error | undefined;
  outgoing.on('error', (error) => (failed = error));
  client.socket.sendBody().write('half');
  await settled(() => 0);
  streams[0]?.destroy();
  await expect(bytesOf(incoming)).rejects.toThrow('closed with 1006');
  await until(() => failed !== undefined);
});

it('a body that nobody wants any more is passed over, and the next message arrives', async () => {
  const { client, service } = pair();
  const body = service.socket.receiveBody();
  const out = client.socket.sendBody();
  out.write(Buffer.alloc(500_000));
  await new Promise((resolve) => body.once('data', resolve));
  body.destroy();
  out.write(Buffer.alloc(500_000));
  out.end();
  await new Promise((resolve) => out.once('finish', resolve));
  client.socket.sendText('next');
  await until(() => service.texts.length === 1);
});

it('pings are answered, but not without end when the answers are not read', async () => {
  let written = 0;
  const deaf = new Duplex({
    read() {},
    write(chunk: Buffer) {
      // The callback is never called: nothing is ever taken.
      written += chunk.length;
    },
  });
  end(deaf, 'service');
  const ping = Buffer.concat(encodeFrame(opcode.ping, Buffer.alloc(125), true, mask));
  for (let i = 0; i < 20_000; i++) deaf.push(Buffer.from(ping));
  await settled(() => deaf.writableLength);
  expect(written + deaf.writableLength).toBeGreaterThan(1000);
  expect(deaf.writableLength).toBeLessThan(512 * 1024);
});

it('a peer that answers pings is kept, one that does not is given up', async () => {
  const { service, client } = pair();
  service.socket.watch(5);
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(service.closures).toEqual([]);
  client.socket.destroy();

  const silent = end(new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() }), 'service');
  silent.socket.watch(5);
  await until(() => silent.closures.length === 1);
  expect(silent.closures).toEqual([[1006, 'no answer to pings']]);
});

it('a body that ended while it was held up does not hold up what comes after it', async () => {
  const stream = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  const service = end(stream, 'service');
  const body = service.socket.receiveBody();
  const frame = (kind: number, payload: Buffer, last: boolean) => encodeFrame(kind, payload, last, mask);
  const large = Buffer.alloc(300_000, 'x');
  stream.push(
    Buffer.concat([
      ...frame(opcode.binary, large, false),
      ...frame(opcode.continuation, Buffer.from('end'), true),
    ]),
  );
  await settled(() => body.readableLength);
  stream.push(Buffer.concat(frame(opcode.text, Buffer.from('next'), true)));
  expect((await bytesOf(body)).length).toBe(300_003);
  await until(() => service.texts.length === 1);
});
