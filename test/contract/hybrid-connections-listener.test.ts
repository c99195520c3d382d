import { createTunnelListener } from '../../gateway/tunnel/listener.ts';
import type { RelayedRequest } from '../../gateway/tunnel/relayed-request.ts';
import { hour, minute } from '../../shared/clock.ts';
import { silentLog } from '../../shared/log.ts';
import { systemRandom } from '../../shared/system-clock.ts';
import { playService } from '../unit/tunnel/played-service.ts';
import { bytesOf, cleanUp, onCleanUp, until } from '../unit/tunnel/tunnel-setup.ts';

/**
 * Our listener against the "Azure Relay Hybrid Connections protocol" guide, under its headings: the peer sends the
 * messages as the guide writes them, spaces, unknown members and all.
 */

afterEach(cleanUp);

interface Seen {
  readonly method: string;
  readonly target: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

async function listening(answer: { status: number; body?: Buffer } = { status: 200 }, life = hour) {
  const service = await playService();
  const seen: Seen[] = [];
  const time = { now: 1_000_000 };
  let tokens = 0;
  const handle = async ({ method, target, headers, body }: RelayedRequest) => {
    seen.push({ method, target, headers, body: (await bytesOf(body)).toString() });
    return { headers: { 'Content-Type': 'application/json' }, ...answer };
  };
  const listener = createTunnelListener({
    connect: async () => ({
      endpoint: service.endpoint,
      path: 'hyco',
      token: `SharedAccessSignature sr=http%3a%2f%2fcontoso&sig=X%3d&se=1&skn=key${++tokens}`,
      expiresAt: time.now + life,
    }),
    handle,
    clock: { now: () => time.now },
    random: systemRandom,
    log: silentLog,
    limits: { pingInterval: 10 },
  });
  onCleanUp(() => listener.close());
  return { service, seen, time, listener, control: await service.channel() };
}

it('Listener control channel connection: action and path in the address, the token in its header', async () => {
  const { service, control } = await listening();
  expect(service.asked).toEqual(['/$hc/hyco?sb-hc-action=listen']);
  expect(control.request.headers['servicebusauthorization']).toMatch(/^SharedAccessSignature sr=.*skn=key1$/);
});

it('Rejecting the socket: an accept is answered at its address with both parameters, and 410 is success', async () => {
  const { service, control, listener } = await listening();
  service.refusals.push(410);
  control.socket.send(`{
    "accept" : {
        "address" : "${service.endpoint}/$hc/hyco?sb-hc-action=accept&sb-hc-id=4cb542c3",
        "id" : "4cb542c3-047a-4d40-a19f-bdc66441e736",
        "connectHeaders" : {
            "Host" : "...",
            "Sec-WebSocket-Protocol" : "...",
            "Sec-WebSocket-Extensions" : "..."
        }
     }
}`);
  await until(() => service.asked.length === 2);
  const rejected = new URL(service.asked[1] ?? '', service.endpoint);
  expect(Object.fromEntries(rejected.searchParams)).toEqual({
    'sb-hc-action': 'accept',
    'sb-hc-id': '4cb542c3',
    'sb-hc-statusCode': '501',
    'sb-hc-statusDescription': 'WebSockets are not relayed',
  });
  expect(listener.state().kind).toBe('connected');
});

const requestMessage = (address: string, body: boolean) => `{
    "request" : {
        "address" : "${address}",
        "id" : "42c34cb5-7a04-4d40-a19f-bdc66441e736",
        "requestTarget" : "/hyco/abc/def?myarg=value&otherarg=...",
        "method" : "POST",
        "remoteEndpoint" : { "address" : "192.0.2.1", "port" : 61004 },
        "requestHeaders" : {
            "Host" : "...",
            "Content-Type" : "application/json",
            "User-Agent" : "..."
        },
        "body" : ${body}
     }
}`;

it('Request message: a body split across frames is read to its FIN, and the response has the documented form', async () => {
  const { service, seen, control } = await listening({
    status: 200,
    body: Buffer.from('{ "hey" : "mydata" }'),
  });
  control.socket.send(requestMessage(service.rendezvous('1'), true));
  for (const [piece, fin] of [
    ['{"a":', false],
    ['"b"', false],
    ['}', true],
  ] as const)
    control.socket.send(Buffer.from(piece), { binary: true, fin });
  await until(() => control.binaries.length === 1);
  expect(seen).toEqual([
    {
      method: 'POST',
      target: '/abc/def?myarg=value&otherarg=...',
      headers: expect.objectContaining({ 'content-type': 'application/json' }) as Record<string, string>,
      body: '{"a":"b"}',
    },
  ]);
  expect(control.texts).toEqual([
    {
      response: {
        requestId: '42c34cb5-7a04-4d40-a19f-bdc66441e736',
        statusCode: 200,
        responseHeaders: { 'Content-Type': 'application/json' },
        body: true,
      },
    },
  ]);
  expect(control.binaries[0]?.toString()).toBe('{ "hey" : "mydata" }');
});

it('Request message: one without a body is one text frame, and so is a response without one', async () => {
  const { service, seen, control } = await listening({ status: 204 });
  control.socket.send(requestMessage(service.rendezvous('1'), false));
  await until(() => control.texts.length === 1);
  expect(seen[0]?.body).toBe('');
  expect(control.texts[0]).toMatchObject({ response: { statusCode: 204, body: false } });
  expect(control.binaries).toEqual([]);
});

it.each([502, 504])('Responding to requests: never with %i, which is not permitted', async (status) => {
  const { service, control } = await listening({ status });
  control.socket.send(requestMessage(service.rendezvous('1'), false));
  await until(() => control.texts.length === 1);
  expect(control.texts[0]).toMatchObject({ response: { statusCode: 503 } });
});

it('Responding via rendezvous: a request that is only an address is fetched there, address used as it is', async () => {
  const { service, seen, control } = await listening();
  const address = `${service.endpoint}/$hc/hyco?sb-hc-action=request&sb-hc-id=9_G1&opaque=a%2Fb`;
  control.socket.send(JSON.stringify({ request: { address } }));
  const rendezvous = await service.channel(1);
  expect(service.endpoint + (service.asked[1] ?? '')).toBe(address);
  rendezvous.socket.send(requestMessage(address, true));
  rendezvous.socket.send(Buffer.alloc(100_000, 'x'));
  await until(() => rendezvous.texts.length === 1);
  expect(seen[0]?.body).toHaveLength(100_000);
  expect(control.texts).toEqual([]);
});

it('Responding via rendezvous: a response of more than 64 kB goes there, and the rendezvous stays for the next', async () => {
  const { service, control } = await listening({ status: 200, body: Buffer.alloc(70_000, 'y') });
  control.socket.send(requestMessage(service.rendezvous('1'), false));
  const rendezvous = await service.channel(1);
  await until(() => rendezvous.binaries.length === 1);
  expect(rendezvous.binaries[0]).toHaveLength(70_000);
  rendezvous.socket.send(requestMessage(service.rendezvous('1'), false));
  await until(() => rendezvous.binaries.length === 2);
  expect(control.texts).toEqual([]);
});

it.each([400, 403, 500])(
  'Responding via rendezvous: %i there leaves the listener as it was',
  async (status) => {
    const { service, control, listener } = await listening({ status: 200, body: Buffer.alloc(70_000) });
    service.refusals.push(status);
    control.socket.send(requestMessage(service.rendezvous('1'), false));
    await until(() => service.asked.length === 2);
    expect(listener.state().kind).toBe('connected');
  },
);

it('Listener token renewal: a renewToken message before the token expires, and nothing else', async () => {
  const { control, time } = await listening();
  time.now += 55 * minute;
  await until(() => control.texts.length === 1);
  expect(control.texts).toEqual([
    { renewToken: { token: 'SharedAccessSignature sr=http%3a%2f%2fcontoso&sig=X%3d&se=1&skn=key2' } },
  ]);
});

it('Ping operation: pings by itself, and answers the pings of the service', async () => {
  const { control } = await listening();
  let [pinged, ponged] = [false, false];
  control.socket.on('ping', () => (pinged = true)).on('pong', () => (ponged = true));
  control.socket.ping();
  await until(() => pinged && ponged);
});
