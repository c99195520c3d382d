import { PassThrough, Readable } from 'node:stream';
import WebSocket from 'ws';
import { outwardAgents } from '../../../gateway/outward-agents.ts';
import {
  createTunnelListener,
  type ListenerGrant,
  type TunnelState,
} from '../../../gateway/tunnel/listener.ts';
import type { RelayedRequest } from '../../../gateway/tunnel/relayed-request.ts';
import type { TunnelLimits } from '../../../gateway/tunnel/tunnel-limits.ts';
import { minute, second } from '../../../shared/clock.ts';
import { systemRandom } from '../../../shared/system-clock.ts';
import { playService } from './played-service.ts';
import { bytesOf, cleanUp, type Handler, onCleanUp, settled, until } from './tunnel-setup.ts';

afterEach(cleanUp);

interface Play {
  now: number;
  readonly waits: number[];
  readonly states: TunnelState[];
  readonly logged: { event: string; fields: Record<string, unknown> }[];
  readonly grants: ListenerGrant[];
  readonly listener: ReturnType<typeof createTunnelListener>;
}

/** A listener whose clock and waits the test holds. */
function play(
  endpoint: string,
  handle: Handler,
  more: {
    limits?: Partial<TunnelLimits>;
    life?: number;
    connect?: (n: number) => Promise<Partial<ListenerGrant>>;
  } = {},
): Play {
  const waits: number[] = [];
  const states: TunnelState[] = [];
  const logged: Play['logged'] = [];
  const grants: ListenerGrant[] = [];
  const note = (event: string, fields = {}) => void logged.push({ event, fields });
  const time = { now: 1_000_000 };
  const clock = { now: () => time.now };
  const listener = createTunnelListener({
    connect: async () => {
      const given = await (more.connect?.(grants.length) ?? Promise.resolve({}));
      const life = more.life ?? 60 * minute;
      const grant = {
        endpoint,
        path: 'hyco',
        token: `token-${grants.length}`,
        expiresAt: clock.now() + life,
        ...given,
      };
      grants.push(grant);
      return grant;
    },
    handle,
    clock,
    random: systemRandom,
    agents: outwardAgents({}),
    log: { info: note, warn: note, error: note },
    limits: { pingInterval: 10, ...more.limits },
    onState: (state) => states.push(state),
    wait: async (milliseconds) => {
      waits.push(milliseconds);
      await new Promise((resolve) => setTimeout(resolve, 1));
    },
  });
  onCleanUp(() => listener.close());
  return Object.assign(time, { waits, states, logged, grants, listener });
}

const small: Handler = async () => ({
  status: 200,
  headers: { 'content-type': 'text/plain' },
  body: Buffer.from('answer'),
});

const request = (id: string, address?: string, more: Record<string, unknown> = {}) =>
  JSON.stringify({
    request: {
      address,
      id,
      requestTarget: '/hyco/a?b=c',
      method: 'GET',
      requestHeaders: { Accept: '*/*' },
      body: false,
      ...more,
    },
  });

describe('a listener', () => {
  it('opens its control channel at the documented address with its token in a header', async () => {
    const service = await playService();
    const { listener, states } = play(service.endpoint, small);
    const control = await service.channel();
    expect(control.request.url).toBe('/$hc/hyco?sb-hc-action=listen');
    expect(control.request.headers['servicebusauthorization']).toBe('token-0');
    await until(() => listener.state().kind === 'connected');
    expect(states.map((state) => state.kind)).toEqual(['connecting', 'connected']);
  });

  it('answers a small request on the control channel, as one text and one binary message', async () => {
    const service = await playService();
    let seen: RelayedRequest | undefined;
    play(service.endpoint, async (relayed) => {
      seen = relayed;
      return { status: 200, headers: { a: 'b' }, body: await bytesOf(relayed.body) };
    });
    const control = await service.channel();
    control.socket.send(request('1', service.rendezvous('1'), { method: 'POST', body: true }));
    control.socket.send('in ', { binary: true, fin: false });
    control.socket.send('pieces', { binary: true, fin: true });
    await until(() => control.binaries.length === 1);
    expect(seen).toMatchObject({
      id: '1',
      method: 'POST',
      target: '/a?b=c',
      headers: { accept: '*/*' },
      bodyLength: 9,
    });
    expect(control.texts).toEqual([
      { response: { requestId: '1', statusCode: 200, responseHeaders: { a: 'b' }, body: true } },
    ]);
    expect(control.binaries[0]?.toString()).toBe('in pieces');
    expect(service.opened).toHaveLength(1);
  });

  it('comes to the rendezvous for a request that is only an address, and stays for more', async () => {
    const service = await playService();
    play(service.endpoint, async (relayed) => ({
      status: 200,
      headers: {},
      body: await bytesOf(relayed.body),
    }));
    (await service.channel()).socket.send(JSON.stringify({ request: { address: service.rendezvous('7') } }));
    const rendezvous = await service.channel(1);
    expect(rendezvous.request.url).toBe('/$hc/hyco?sb-hc-action=request&sb-hc-id=7');
    expect(rendezvous.request.headers).not.toHaveProperty('servicebusauthorization');
    for (const round of [1, 2, 3]) {
      rendezvous.socket.send(request(`r${round}`, undefined, { method: 'POST', body: true }));
      for (const piece of [Buffer.alloc(100_000, 'x'), Buffer.alloc(50_000, 'y')]) {
        rendezvous.socket.send(piece, { binary: true, fin: false });
      }
      rendezvous.socket.send(Buffer.alloc(0), { binary: true, fin: true });
      await until(() => rendezvous.binaries.length === round);
      expect(rendezvous.texts[round - 1]).toMatchObject({
        response: { requestId: `r${round}`, statusCode: 200, body: true },
      });
      expect(rendezvous.binaries[round - 1]?.length).toBe(150_000);
    }
    expect(rendezvous.socket.readyState).toBe(WebSocket.OPEN);
  });

  it('serves the next request at a rendezvous though the body of the last was read late', async () => {
    const service = await playService();
    play(service.endpoint, async (relayed) => {
      await new Promise((resolve) => setTimeout(resolve, 30));
      return { status: 200, headers: {}, body: await bytesOf(relayed.body) };
    });
    (await service.channel()).socket.send(JSON.stringify({ request: { address: service.rendezvous('7') } }));
    const rendezvous = await service.channel(1);
    for (const round of [1, 2]) {
      rendezvous.socket.send(request(`r${round}`, undefined, { method: 'POST', body: true }));
      rendezvous.socket.send(Buffer.alloc(150_000, 'x'), { binary: true, fin: true });
      await until(() => rendezvous.binaries.length === round);
    }
  });

  it('sends the head of an event stream off at once, and does not wait whether it will end soon', async () => {
    const service = await playService();
    const open = new PassThrough();
    const headers = { 'Content-Type': 'text/event-stream; charset=utf-8' };
    const limits = { quickEnd: 10 * minute, smallEnd: 10 * minute, quickAnswer: 10 * minute };
    play(service.endpoint, async () => ({ status: 200, headers, body: open }), { limits });
    (await service.channel()).socket.send(request('1', service.rendezvous('1')));
    const rendezvous = await service.channel(1);
    await until(() => rendezvous.texts.length === 1);
    expect(rendezvous.texts[0]).toMatchObject({
      response: { statusCode: 200, responseHeaders: headers, body: true },
    });
  });

  it('takes a large answer to the rendezvous as one fragmented message', async () => {
    const service = await playService();
    play(service.endpoint, async () => ({ status: 200, headers: {}, body: Buffer.alloc(700_000, 'z') }));
    const control = await service.channel();
    control.socket.send(request('1', service.rendezvous('1')));
    const rendezvous = await service.channel(1);
    await until(() => rendezvous.binaries.length === 1);
    expect(rendezvous.texts[0]).toMatchObject({ response: { requestId: '1', body: true } });
    expect(rendezvous.binaries[0]?.equals(Buffer.alloc(700_000, 'z'))).toBe(true);
    expect(control.texts).toEqual([]);
  });

  it('keeps a short stream on the control channel and an open one off it', async () => {
    const service = await playService();
    const open = new PassThrough();
    play(service.endpoint, async (relayed) => {
      if (relayed.id === 'open') return { status: 200, headers: {}, body: open };
      const short = new PassThrough();
      setImmediate(() => short.end('short'));
      return { status: 200, headers: {}, body: short };
    });
    const control = await service.channel();
    control.socket.send(request('short', service.rendezvous('short')));
    await until(() => control.binaries.length === 1);
    control.socket.send(request('open', service.rendezvous('open')));
    const rendezvous = await service.channel(1);
    await until(() => rendezvous.texts.length === 1);
    expect(control.texts).toHaveLength(1);
  });

  it('answers HEAD on the control channel, however long the body would be', async () => {
    const service = await playService();
    play(service.endpoint, async () => ({
      status: 200,
      headers: { 'content-length': '5000000', etag: '"1"' },
      body: Readable.from([]),
    }));
    const control = await service.channel();
    control.socket.send(request('1', service.rendezvous('1'), { method: 'HEAD' }));
    await until(() => control.texts.length === 1);
    expect(control.texts[0]).toMatchObject({
      response: { requestId: '1', responseHeaders: { etag: '"1"' }, body: false },
    });
    expect(service.opened).toHaveLength(1);
  });

  it('says once that it does not get to rendezvous, and not at all when the sender has left', async () => {
    const service = await playService();
    const aborted: string[] = [];
    const { logged } = play(service.endpoint, async (relayed) => {
      relayed.signal.addEventListener('abort', () => aborted.push(relayed.id));
      return { status: 200, headers: {}, body: Buffer.alloc(100_000) };
    });
    const control = await service.channel();
    service.refusals.push(403);
    control.socket.send(request('left', service.rendezvous('left')));
    await until(() => aborted.length === 1);
    const away = service.rendezvous('x').replace('127.0.0.1', 'localhost');
    for (const id of ['1', '2', '3']) control.socket.send(request(id, away));
    await until(() => control.texts.length === 3);
    expect(logged.filter(({ event }) => event.startsWith('tunnel.rendezvous'))).toEqual([
      { event: 'tunnel.rendezvous.failed', fields: { reason: 'no address of this relay' } },
    ]);
  });

  it('ends the work when the service closes the rendezvous', async () => {
    const service = await playService();
    let aborted = false;
    const open = new PassThrough();
    play(service.endpoint, async (relayed) => {
      relayed.signal.addEventListener('abort', () => (aborted = true));
      return { status: 200, headers: { 'content-type': 'text/event-stream' }, body: open };
    });
    (await service.channel()).socket.send(request('1', service.rendezvous('1')));
    const rendezvous = await service.channel(1);
    await until(() => rendezvous.texts.length === 1);
    rendezvous.socket.close(1001, 'The sender client shut down the connection');
    await until(() => aborted && open.destroyed);
  });

  it('ends the work when the service takes nothing of the answer for too long', async () => {
    const service = await playService();
    let made = 0;
    const endless = new Readable({
      read() {
        made++;
        this.push(Buffer.alloc(100_000));
      },
    });
    play(service.endpoint, async () => ({ status: 200, headers: {}, body: endless }), {
      limits: { stall: 100 },
    });
    (await service.channel()).socket.send(request('1', service.rendezvous('1')));
    const rendezvous = await service.channel(1);
    rendezvous.socket.pause();
    await until(() => endless.destroyed);
    expect(made).toBeLessThan(1000);
  });

  it('ends the work of its control channel when that is lost, and not that of a rendezvous', async () => {
    const service = await playService();
    const aborted: string[] = [];
    play(service.endpoint, async (relayed) => {
      relayed.signal.addEventListener('abort', () => aborted.push(relayed.id));
      const headers = { 'content-type': 'text/event-stream' };
      return relayed.id === 'waits'
        ? new Promise(() => {})
        : { status: 200, headers, body: new PassThrough() };
    });
    const control = await service.channel();
    control.socket.send(request('waits', service.rendezvous('waits')));
    control.socket.send(request('streams', service.rendezvous('streams')));
    const rendezvous = await service.channel(1);
    await until(() => rendezvous.texts.length === 1);
    control.socket.terminate();
    await until(() => aborted.length > 0);
    expect(aborted).toEqual(['waits']);
    expect(rendezvous.socket.readyState).toBe(WebSocket.OPEN);
  });

  it.each([
    ['another host', 'ws://10.0.0.1:1/$hc/hyco?x'],
    ['another port', 'ws://127.0.0.1:1/$hc/hyco?x'],
    ['no address', 'hello'],
    ['HTTP', 'http://127.0.0.1/'],
  ])('does not go to a rendezvous at %s', async (_what, address) => {
    const service = await playService();
    play(service.endpoint, async () => ({ status: 200, headers: {}, body: Buffer.alloc(100_000) }));
    const control = await service.channel();
    control.socket.send(JSON.stringify({ request: { address } }));
    control.socket.send(request('1', address));
    await until(() => control.texts.length === 1);
    expect(control.texts[0]).toMatchObject({ response: { requestId: '1', statusCode: 503, body: false } });
    expect(service.asked).toHaveLength(1);
  });

  it('rejects WebSockets at the address of the accept message', async () => {
    const service = await playService();
    play(service.endpoint, small);
    const address = `${service.endpoint}/$hc/hyco/x?sb-hc-action=accept&sb-hc-id=1`;
    const control = await service.channel();
    service.refusals.push(410);
    control.socket.send(JSON.stringify({ accept: { address, id: '1', connectHeaders: {} } }));
    await until(() => service.asked.length === 2);
    expect(service.asked[1]).toBe(
      '/$hc/hyco/x?sb-hc-action=accept&sb-hc-id=1&sb-hc-statusCode=501&sb-hc-statusDescription=WebSockets%20are%20not%20relayed',
    );
  });

  it.each([
    ['no JSON', 'hello'],
    ['a command of a later version', '{"drain":{}}'],
    ['a request without a target', '{"request":{"id":"1","method":"GET"}}'],
    ['a response', '{"response":{"requestId":"1","statusCode":200}}'],
    ['a method that is none', request('1', undefined, { method: 'GET /' })],
  ])('ignores %s and goes on', async (_what, text) => {
    const service = await playService();
    play(service.endpoint, small);
    const control = await service.channel();
    control.socket.send(text);
    control.socket.send(request('2', service.rendezvous('2')));
    await until(() => control.binaries.length === 1);
    expect(control.texts).toHaveLength(1);
    expect(control.texts[0]).toMatchObject({ response: { requestId: '2' } });
  });

  it.each([
    ['a binary message that nothing announced', (socket: WebSocket) => socket.send(Buffer.from('x'))],
    [
      'a body of more than 64 kB',
      (socket: WebSocket) => {
        socket.send(request('1', undefined, { body: true }));
        socket.send(Buffer.alloc(65_537));
      },
    ],
    ['a message of more than 128 kB', (socket: WebSocket) => socket.send('x'.repeat(200_000))],
  ])('closes its control channel upon %s, and comes again', async (_what, misbehave) => {
    const service = await playService();
    play(service.endpoint, small);
    const control = await service.channel();
    misbehave(control.socket);
    await until(() => control.closure !== undefined);
    expect([1002, 1009]).toContain(control.closure?.code);
    await service.channel(1);
  });

  it('closes a rendezvous on which requests overlap or responses come', async () => {
    const service = await playService();
    play(service.endpoint, () => new Promise(() => {}));
    const control = await service.channel();
    control.socket.send(JSON.stringify({ request: { address: service.rendezvous('1') } }));
    const rendezvous = await service.channel(1);
    rendezvous.socket.send(request('1'));
    rendezvous.socket.send(request('2'));
    await until(() => rendezvous.closure !== undefined);
    expect(rendezvous.closure?.code).toBe(1002);
  });

  it('answers 503 for a handler that never does, and gives its place to another request', async () => {
    const service = await playService();
    const open = new PassThrough();
    let answer: (response: { status: number; headers: object; body: PassThrough }) => void = () => {};
    play(
      service.endpoint,
      (relayed) =>
        relayed.id === 'stuck'
          ? new Promise((resolve) => (answer = resolve as typeof answer))
          : small(relayed),
      { limits: { answerWithin: 30, inFlight: 1 } },
    );
    const control = await service.channel();
    control.socket.send(request('stuck', service.rendezvous('stuck')));
    await until(() => control.texts.length === 1);
    expect(control.texts[0]).toMatchObject({
      response: { requestId: 'stuck', statusCode: 503, body: false },
    });
    control.socket.send(request('next', service.rendezvous('next')));
    await until(() => control.texts.length === 2);
    expect(control.texts[1]).toMatchObject({ response: { requestId: 'next', statusCode: 200 } });
    answer({ status: 200, headers: {}, body: open });
    await until(() => open.destroyed);
    expect(control.texts).toHaveLength(2);
  });

  it('closes everything when it is closed, and ends the work under way', async () => {
    const service = await playService();
    let aborted = 0;
    let handling = 0;
    const { listener } = play(service.endpoint, (relayed) => {
      handling++;
      relayed.signal.addEventListener('abort', () => aborted++);
      return new Promise(() => {});
    });
    const control = await service.channel();
    control.socket.send(JSON.stringify({ request: { address: service.rendezvous('1') } }));
    control.socket.send(request('2', service.rendezvous('2')));
    const rendezvous = await service.channel(1);
    rendezvous.socket.send(request('1'));
    await until(() => handling === 2);
    await listener.close();
    await until(() => control.closure !== undefined && rendezvous.closure !== undefined);
    expect(control.closure?.code).toBe(1000);
    expect(aborted).toBe(2);
    expect(listener.state().kind).toBe('stopped');
  });
});

describe('a listener that is refused or dropped', () => {
  it('comes again with growing, jittered waits of at most 15 s, one at a time', async () => {
    const service = await playService();
    const { waits, listener } = play('ws://127.0.0.1:1', small, {
      connect: async (n) => ({ endpoint: n > 40 ? service.endpoint : 'ws://127.0.0.1:1', expiresAt: 0 }),
    });
    await until(() => listener.state().kind === 'connected');
    expect(waits).toHaveLength(41);
    waits.forEach((wait, i) => {
      expect(wait).toBeGreaterThanOrEqual(0);
      expect(wait).toBeLessThan(Math.min(15 * second, second * 2 ** i));
    });
    expect(Math.max(...waits)).toBeGreaterThan(5 * second);
    expect(new Set(waits.slice(10)).size).toBeGreaterThan(20);
  });

  it('logs a failure that repeats once, and how often it did when it is over', async () => {
    const service = await playService();
    const { logged, waits } = play('ws://127.0.0.1:1', small, {
      connect: (n) =>
        Promise.resolve({ endpoint: n > 25 ? service.endpoint : 'ws://127.0.0.1:1', expiresAt: 0 }),
    });
    await until(() => logged.some(({ event }) => event === 'tunnel.connected'));
    expect(waits).toHaveLength(26);
    expect(logged).toEqual([
      { event: 'tunnel.failed', fields: { reason: 'nothing listens there' } },
      { event: 'tunnel.connected', fields: { before: expect.any(String) as string, repeated: 25 } },
    ]);
  });

  it('counts a failure to get a token like any other and says so in its state', async () => {
    const service = await playService();
    let asked = 0;
    const { states, listener } = play(service.endpoint, small, {
      connect: async () => {
        if (asked++ < 3) throw new Error('the service is away');
        return {};
      },
    });
    await until(() => listener.state().kind === 'connected');
    const waiting = states.filter((state) => state.kind === 'waiting');
    expect(waiting.map((state) => state.lastError)).toEqual(Array(3).fill('the service is away'));
    expect(listener.state()).not.toHaveProperty('lastError');
  });

  it.each([401, 403, 404])('with %i asks for a new token', async (status) => {
    const service = await playService();
    service.refusals.push(status);
    const { grants, states } = play(service.endpoint, small);
    const control = await service.channel();
    expect(control.request.headers['servicebusauthorization']).toBe('token-1');
    expect(grants).toHaveLength(2);
    expect(states.find((state) => state.kind === 'waiting')?.lastError).toContain(String(status));
  });

  it.each([500, 503])('with %i comes again with the same token', async (status) => {
    const service = await playService();
    service.refusals.push(status);
    const { grants } = play(service.endpoint, small);
    expect((await service.channel()).request.headers['servicebusauthorization']).toBe('token-0');
    expect(grants).toHaveLength(1);
  });

  it.each([
    [1008, 2],
    [1001, 2],
    [1011, 1],
  ])('by %i comes again, with token number %i', async (code, tokens) => {
    const service = await playService();
    const { grants } = play(service.endpoint, small);
    (await service.channel()).socket.close(code);
    await service.channel(1);
    expect(grants).toHaveLength(tokens);
  });

  it('again and again after a short while goes on waiting longer; a stable minute makes it forget', async () => {
    const service = await playService();
    const played = play(service.endpoint, small);
    for (let i = 0; i < 12; i++) {
      const channel = await service.channel(i);
      await until(() => played.listener.state().kind === 'connected');
      channel.socket.terminate();
      await until(() => played.waits.length === i + 1);
    }
    expect(Math.max(...played.waits)).toBeGreaterThan(2 * second);
    expect(played.logged.filter(({ event }) => event === 'tunnel.failed')).toHaveLength(1);
    const channel = await service.channel(12);
    await until(() => played.listener.state().kind === 'connected');
    played.now += 61 * second;
    channel.socket.terminate();
    await until(() => played.waits.length === 13);
    expect(played.waits[12]).toBeLessThan(second);
  });

  it('does not grow: a thousand failures leave no timer, socket or listener behind', async () => {
    const service = await playService();
    service.refusals.push(...Array<number>(1000).fill(503));
    const { listener, waits } = play(service.endpoint, small);
    await until(() => waits.length >= 20);
    const early = process.getActiveResourcesInfo().length;
    await until(() => waits.length >= 1000 || listener.state().kind === 'connected');
    expect(process.getActiveResourcesInfo().length).toBeLessThan(early + 20);
    await until(() => listener.state().kind === 'connected');
  });

  it('stops waiting when it is closed', async () => {
    const listener = createTunnelListener({
      connect: () => Promise.reject(new Error('away')),
      handle: small,
      clock: { now: () => 0 },
      random: { bytes: (count) => new Uint8Array(count).fill(255) },
      agents: outwardAgents({}),
      log: { info: () => {}, warn: () => {}, error: () => {} },
      limits: { backoffBase: 10 * minute, backoffCap: 10 * minute },
    });
    await until(() => listener.state().kind === 'waiting');
    await listener.close();
    expect(listener.state().kind).toBe('stopped');
  });

  it('stops asking for a token that never comes', async () => {
    const { states } = play('ws://127.0.0.1:1', small, {
      connect: () => new Promise(() => {}),
      limits: { openWithin: 10 },
    });
    await until(() => states.some((state) => state.kind === 'waiting'));
    expect(states.find((state) => state.kind === 'waiting')?.lastError).toBe(
      'the service gave no leave to listen in time',
    );
  });
});

describe('the token of a listener', () => {
  it('is renewed in band at two to four fifths of its life, and the channel stays', async () => {
    const service = await playService();
    const played = play(service.endpoint, small);
    const control = await service.channel();
    await until(() => played.listener.state().kind === 'connected');
    played.now += 23 * minute;
    await settled(() => control.texts.length);
    expect(control.texts).toEqual([]);
    played.now += 25 * minute;
    await until(() => control.texts.length === 1);
    expect(control.texts[0]).toEqual({ renewToken: { token: 'token-1' } });
    await settled(() => control.texts.length);
    expect(control.texts).toHaveLength(1);
    played.now += 48 * minute;
    await until(() => control.texts.length === 2);
    expect(service.opened).toHaveLength(1);
  });

  it('is asked for again when that failed, without a hurry and without losing the channel', async () => {
    const service = await playService();
    let fail = false;
    let asked = 0;
    const played = play(service.endpoint, small, {
      connect: async () => {
        asked++;
        if (fail) throw new Error('the service is away');
        return {};
      },
    });
    const control = await service.channel();
    await until(() => played.listener.state().kind === 'connected');
    fail = true;
    played.now += 48 * minute;
    await until(() => asked === 2);
    expect(await settled(() => asked)).toBe(2);
    fail = false;
    played.now += 2 * minute;
    await until(() => control.texts.length === 1);
    expect(service.opened).toHaveLength(1);
  });

  it('for another hybrid connection makes it move there', async () => {
    const service = await playService();
    const played = play(service.endpoint, small, {
      connect: async (n) => ({ path: n === 0 ? 'hyco' : 'moved' }),
    });
    const control = await service.channel();
    await until(() => played.listener.state().kind === 'connected');
    played.now += 48 * minute;
    const next = await service.channel(1);
    expect(control.closure?.code).toBe(1000);
    expect(next.request.url).toBe('/$hc/moved?sb-hc-action=listen');
  });
});
