import { PassThrough, Readable } from 'node:stream';
import { startRelay } from '../../../local/relay/relay.ts';
import { silentLog } from '../../../shared/log.ts';
import { systemClock } from '../../../shared/system-clock.ts';
import {
  bytesOf,
  cleanUp,
  get,
  keys,
  listenerOn,
  onCleanUp,
  RawPeer,
  rawListener,
  relayWith,
  senderTo,
  tcpProxy,
  tokenFor,
  until,
} from './tunnel-setup.ts';

jest.setTimeout(20_000);
afterEach(cleanUp);

const ok = async () => ({ status: 200, headers: {}, body: Buffer.from('ok') });

it('a listener returns to a relay that was restarted, and requests pass again', async () => {
  const relay = await relayWith();
  const listener = await listenerOn(relay, ok);
  const sender = senderTo(relay.endpoint);
  expect((await sender.send(get('/'))).status).toBe(200);
  await relay.close();
  await until(() => listener.state().kind !== 'connected');
  await expect(sender.send(get('/'))).rejects.toMatchObject({ code: 'broken' });
  const port = Number(new URL(relay.endpoint).port);
  const again = await startRelay({ port, keys, log: silentLog, clock: systemClock });
  onCleanUp(() => again.close());
  await until(() => again.connections().get('hyco') === 1);
  expect((await bytesOf((await sender.send(get('/'))).body)).toString()).toBe('ok');
});

it('a network that swallows everything is noticed by both ends, and the listener comes again', async () => {
  const relay = await relayWith({ pingInterval: 20 });
  const proxy = await tcpProxy(relay.endpoint);
  const states: string[] = [];
  const listener = await listenerOn(relay, ok, {
    endpoint: `ws://${proxy.authority}`,
    limits: { pingInterval: 20 },
    onState: (state) => states.push(state.kind),
  });
  const sender = senderTo(relay.endpoint);
  expect((await sender.send(get('/'))).status).toBe(200);
  states.length = 0;
  proxy.freeze();
  await until(() => states.includes('connected') && relay.connections().get('hyco') === 1);
  expect(states).toEqual(['waiting', 'connecting', 'connected']);
  expect(listener.state().kind).toBe('connected');
  expect((await sender.send(get('/'))).status).toBe(200);
});

it('a relay that freezes is given up by the listener alone', async () => {
  const relay = await relayWith({ pingInterval: 60_000 });
  const proxy = await tcpProxy(relay.endpoint);
  const listener = await listenerOn(relay, ok, {
    endpoint: `ws://${proxy.authority}`,
    limits: { pingInterval: 20 },
  });
  proxy.freeze();
  await until(() => listener.state().kind !== 'connected');
  expect(listener.state().lastError).toContain('no answer to pings');
});

it('a dead listener is removed by the relay alone, and what it was asked is answered 502', async () => {
  const relay = await relayWith({ pingInterval: 20 });
  const proxy = await tcpProxy(relay.endpoint);
  const address = `ws://${proxy.authority}/$hc/hyco?sb-hc-action=listen`;
  const listener = await new RawPeer(address, {
    ServiceBusAuthorization: tokenFor('hyco', 'listen'),
  }).opened();
  const sent = senderTo(relay.endpoint).send(get('/'));
  await listener.heard();
  proxy.freeze();
  await expect(sent).rejects.toMatchObject({ code: 'no-listener', status: 502 });
  expect(relay.connections().size).toBe(0);
});

it('a rendezvous that waits for its next request is watched as well', async () => {
  const relay = await relayWith({ pingInterval: 20 });
  const proxy = await tcpProxy(relay.endpoint);
  await listenerOn(relay, async () => ({ status: 200, headers: {}, body: Buffer.alloc(100_000) }), {
    endpoint: `ws://${proxy.authority}`,
    limits: { pingInterval: 60_000 },
  });
  const sender = senderTo(relay.endpoint);
  expect((await bytesOf((await sender.send(get('/'))).body)).length).toBe(100_000);
  await new Promise((resolve) => setTimeout(resolve, 150));
  expect(proxy.sockets()).toBe(4);
  proxy.freeze();
  await until(() => proxy.sockets() === 2);
  await expect(sender.send(get('/'))).rejects.toMatchObject({ code: 'no-listener' });
});

it('a slow viewer is no dead one: a rendezvous under load is not given up for its silence', async () => {
  const relay = await relayWith({ pingInterval: 10, idleResponse: 300 });
  const body = new PassThrough();
  const handle = async ({ target }: { target: string }) => ({
    status: 200,
    headers: {},
    body: target === '/first' ? Buffer.alloc(100_000) : body,
  });
  await listenerOn(relay, handle, { limits: { pingInterval: 10 } });
  const sender = senderTo(relay.endpoint);
  // After this both ends watch the rendezvous, and have to stop for the next request.
  await bytesOf((await sender.send(get('/first'))).body);
  const answer = await sender.send(get('/second'));
  let full = false;
  void (async () => {
    for (let i = 0; i < 400; i++) {
      if (!body.write(Buffer.alloc(100_000))) {
        full = true;
        await new Promise((resolve) => body.once('drain', resolve));
      }
    }
    body.end();
  })();
  await until(() => full);
  await new Promise((resolve) => setTimeout(resolve, 900));
  expect((await bytesOf(answer.body)).length).toBe(40_000_000);
});

it('a viewer who takes nothing for too long is given up, and the on-prem work ends', async () => {
  const relay = await relayWith({ stall: 100, idleResponse: 20 });
  const endless = new Readable({
    read() {
      this.push(Buffer.alloc(100_000));
    },
  });
  await listenerOn(relay, async () => ({ status: 200, headers: {}, body: endless }));
  const { body } = await senderTo(relay.endpoint).send(get('/'));
  body.on('error', () => {});
  await until(() => endless.destroyed);
});

it('two listeners share the load, and when one goes the other carries it', async () => {
  const relay = await relayWith();
  const served = [0, 0];
  const listeners = [];
  for (const which of [0, 1]) {
    listeners.push(
      await listenerOn(relay, async () => {
        served[which] = (served[which] ?? 0) + 1;
        return ok();
      }),
    );
  }
  const sender = senderTo(relay.endpoint);
  for (let i = 0; i < 40; i++) await bytesOf((await sender.send(get('/'))).body);
  expect(Math.min(...served)).toBeGreaterThan(0);
  await listeners[0]?.close();
  await until(() => relay.connections().get('hyco') === 1);
  for (let i = 0; i < 10; i++) expect((await sender.send(get('/'))).status).toBe(200);
});

it('a request on a connection that is just being closed is sent again if that is safe, else reported', async () => {
  const relay = await relayWith();
  const listener = await rawListener(relay);
  const proxy = await tcpProxy(relay.endpoint);
  const sender = senderTo(`http://${proxy.authority}`);
  const send = async (more = {}) => bytesOf((await sender.send(get('/', more))).body);
  const answer = ({ id }: Record<string, unknown>) =>
    listener.say({ response: { requestId: id, statusCode: 200, responseHeaders: {}, body: false } });

  const first = send();
  answer(await listener.heard(1));
  await first;
  const second = send();
  await listener.heard(2);
  proxy.cut();
  answer(await listener.heard(3));
  await second;

  let heard = 3;
  for (const unsafe of [
    { method: 'POST', body: Buffer.from('once only') },
    { method: 'GET', body: Buffer.from('once only') },
    { method: 'DELETE' },
  ]) {
    const refreshed = send();
    answer(await listener.heard(++heard));
    await refreshed;
    const sent = send(unsafe);
    await listener.heard(++heard);
    proxy.cut();
    await expect(sent).rejects.toMatchObject({ code: 'broken' });
  }
});

it('a connection whose rendezvous may be left or deaf is not used for another request', async () => {
  const relay = await relayWith();
  const listener = await rawListener(relay);
  const sender = senderTo(relay.endpoint);
  const first = sender.send(get('/large'));
  const { id, address } = await listener.heard();
  // As Microsoft's listener for Node does it: answers there, stays, and never reads from it again.
  const deaf = await new RawPeer(String(address)).opened();
  deaf.say({ response: { requestId: id, statusCode: 200, responseHeaders: {}, body: true } });
  deaf.socket.send(Buffer.alloc(100_000));
  expect((await bytesOf((await first).body)).length).toBe(100_000);
  const second = sender.send(get('/next'));
  const next = await listener.heard(2);
  listener.say({ response: { requestId: next['id'], statusCode: 204, responseHeaders: {}, body: false } });
  expect((await second).status).toBe(204);
});
