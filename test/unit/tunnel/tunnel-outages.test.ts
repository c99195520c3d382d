import { PassThrough } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { outwardAgents } from '../../../gateway/outward-agents.ts';
import { proxyRules } from '../../../gateway/proxy-rules.ts';
import { createTunnelListener } from '../../../gateway/tunnel/listener.ts';
import { startRelay } from '../../../local/relay/relay.ts';
import { hour, minute, second } from '../../../shared/clock.ts';
import { silentLog } from '../../../shared/log.ts';
import { createAuthority } from '../../support/certificate-authority.ts';
import { startDifficultProxy } from '../../support/difficult-proxy.ts';
import { seededRandom } from '../gateway/still-time.ts';
import { fraction } from '../../../gateway/backoff.ts';
import {
  globalTimer,
  realTurn,
  simulateNetwork,
  type SimulatedNetwork,
  stopTime,
} from './simulated-network.ts';
import { cleanUp, keys, onCleanUp, tokenFor } from './tunnel-setup.ts';

jest.setTimeout(90_000);
beforeEach(stopTime);
afterEach(cleanUp);

const ok = async () => ({ status: 200, headers: {}, body: Buffer.from('ok') });

interface Outage {
  begin(network: SimulatedNetwork): Promise<void>;
  end(network: SimulatedNetwork): Promise<void>;
  /** The network says nothing of it: only silence tells. */
  readonly silent?: true;
}

const weather = (kind: Parameters<SimulatedNetwork['weather']>[0]): Outage => ({
  begin: (network) => network.weather(kind),
  end: (network) => network.weather('fair'),
  ...(kind === 'silent' && { silent: true }),
});

const outages: Record<string, Outage> = {
  'packets are dropped': weather('silent'),
  'the peer vanishes without FIN, and new connections are refused': {
    silent: true,
    begin: async (network) => {
      network.proxy.freeze();
      await network.proxy.set('refusing');
    },
    end: (network) => network.weather('fair'),
  },
  'half-open: the relay’s end is gone and ours was not told': {
    silent: true,
    begin: async (network) => network.proxy.halfOpen(),
    end: async () => {},
  },
  'connections are refused': weather('refusing'),
  'connections are reset': weather('resetting'),
  'connections are accepted and closed': weather('closing'),
  'the relay restarts': {
    begin: (network) => network.stopRelay(),
    end: (network) => network.startRelay(),
  },
  'the name server says it does not know': {
    begin: async (network) => {
      network.around.names = 'unknown';
      network.proxy.cut();
    },
    end: async (network) => void (network.around.names = 'known'),
  },
  'the service is away, and the relay as well': {
    begin: async (network) => {
      network.around.service = 'away';
      await network.weather('refusing');
    },
    end: async (network) => {
      network.around.service = 'there';
      await network.weather('fair');
    },
  },
  'the service says nothing, and the relay as well': {
    silent: true,
    begin: async (network) => {
      network.around.service = 'silent';
      await network.weather('silent');
    },
    end: async (network) => {
      network.around.service = 'there';
      await network.weather('fair');
    },
  },
  'the machine sleeps for hours, and its connections are forgotten': {
    silent: true,
    begin: async (network) => {
      network.proxy.halfOpen();
      network.sleep(8 * hour);
    },
    end: async () => {},
  },
};

const anyLost = (network: SimulatedNetwork) => () =>
  network.listeners.some((listener) => listener.state().kind !== 'connected');
/** Every connection that stood at that moment has been given up; its successor may stand already. */
const allLost = (network: SimulatedNetwork, moment: number) => () =>
  network.listeners.every((listener) => {
    const { kind, since } = listener.state();
    return kind !== 'connected' || since > moment;
  });

describe.each(Object.entries(outages))('%s', (name, outage) => {
  it.each([0, 20 * second, 7 * minute])('for %i ms: found within 15 s, back within 20 s', async (lasting) => {
    const network = await simulateNetwork(ok, { seed: lasting + name.length });
    const timers = jest.getTimerCount();
    const moment = Date.now();
    await outage.begin(network);
    const found = await network.passUntil(allLost(network, moment), 15 * second);
    expect(found).toBeDefined();
    await network.pass(Math.max(0, lasting - (found ?? 0)));
    await outage.end(network);
    const back = await network.passUntil(network.allConnected, 20 * second);
    expect(back).toBeDefined();
    const { status } = await network.get('/');
    expect(status === 200 ? status : (await network.get('/')).status).toBe(200);
    await network.pass(2 * minute);
    expect(network.proxy.sockets()).toBe(4);
    expect(jest.getTimerCount()).toBe(timers);
    // Each reason once for each of the two listeners, and once that it works again.
    expect(network.lines.length).toBeLessThanOrEqual(2 * 5);
  });
});

it('the proxy begins to demand a password: said in words, and back within 20 s of its being content', async () => {
  const authority = createAuthority();
  const clock = { now: () => Date.now() };
  const relay = await startRelay({
    port: 0,
    keys,
    log: silentLog,
    clock,
    tls: authority.issue({ names: ['relay.test'] }),
  });
  onCleanUp(async () => {
    const closed = relay.close();
    await jest.advanceTimersByTimeAsync(5 * second);
    await closed;
  });
  const port = Number(new URL(relay.endpoint).port);
  const proxy = await startDifficultProxy({ [`relay.test:${port}`]: port });
  onCleanUp(() => proxy.close());
  const agents = outwardAgents({
    ca: authority.certificate,
    proxy: proxyRules({ HTTPS_PROXY: proxy.url }),
  });
  const lines: unknown[] = [];
  const note = (event: string, fields = {}) => void lines.push([event, fields]);
  const listener = createTunnelListener({
    connect: async () => ({
      endpoint: `wss://relay.test:${port}`,
      path: 'hyco',
      token: tokenFor('hyco', 'listen', Date.now() + hour),
      expiresAt: Date.now() + hour,
    }),
    handle: ok,
    clock,
    random: seededRandom(7),
    log: { info: note, warn: note, error: note },
    agents,
    timer: globalTimer,
    wait: (milliseconds, signal) => globalTimer.sleep(milliseconds, signal),
  });
  onCleanUp(() => listener.close());
  const passUntil = async (holds: () => boolean, limit: number) => {
    let passed = 0;
    for (; !holds() && passed <= limit; passed += second) {
      jest.advanceTimersByTime(second);
      // TLS is made in other threads: for it to be done some real time has to pass.
      for (let i = 0; i < 40 && !holds(); i++) await realTurn();
    }
    return passed;
  };
  await passUntil(() => listener.state().kind === 'connected', minute);
  proxy.manner = 'asks for credentials';
  proxy.cut();
  await passUntil(() => listener.state().kind === 'waiting', 15 * second);
  await passUntil(() => false, minute);
  expect(listener.state().lastError).toContain('asks for a user and password (407)');
  expect(proxy.sockets()).toBe(0);
  proxy.manner = 'connects';
  expect(await passUntil(() => listener.state().kind === 'connected', minute)).toBeLessThanOrEqual(
    20 * second,
  );
  // Connected, lost, asked for a password, connected again.
  expect(lines.length).toBeLessThanOrEqual(4);
});

describe('a clock that is wrong', () => {
  it.each([
    ['jumps ahead', 3 * hour],
    ['jumps back', -3 * hour],
  ])(
    '%s: the tunnel stands, its token is renewed in time, and the service is not asked all the time',
    async (_, skew) => {
      const network = await simulateNetwork(ok);
      const accepted = network.proxy.accepted();
      network.around.skew = skew;
      await network.pass(4 * hour, 5 * second);
      expect(network.proxy.accepted()).toBe(accepted);
      expect(network.allConnected()).toBe(true);
      // Two listeners, each four to seven times in four hours, and once more for the jump.
      expect(network.grants()).toBeLessThanOrEqual(2 * 10);
      expect((await network.get('/')).status).toBe(200);
    },
  );

  it('jumps to and fro while there is no network: it comes back all the same', async () => {
    const network = await simulateNetwork(ok);
    await network.weather('refusing');
    for (const skew of [-5 * hour, 9 * hour, -9 * hour, 0]) {
      network.around.skew = skew;
      await network.pass(3 * minute);
    }
    await network.weather('fair');
    expect(await network.passUntil(network.allConnected, 20 * second)).toBeDefined();
  });
});

describe('a token that expires in mid-stream', () => {
  /** Answers with a stream that says a number every second. */
  function counting() {
    const served: PassThrough[] = [];
    const handle = async () => {
      const body = new PassThrough();
      served.push(body);
      let count = 0;
      const timer = setInterval(() => body.write(`${count++}\n`), second);
      body.on('close', () => clearInterval(timer));
      return { status: 200, headers: { 'content-type': 'text/event-stream' }, body };
    };
    return { handle, served };
  }

  function reading(body: NodeJS.ReadableStream) {
    const seen = { text: '', ended: false };
    body.on('data', (chunk: Buffer) => void (seen.text += chunk.toString()));
    for (const event of ['end', 'close', 'error']) body.on(event, () => void (seen.ended = true));
    return seen;
  }

  const upTo = (text: string) => text.split('\n').slice(0, -1).map(Number);

  it('is renewed in band, and neither stream nor tunnel notice', async () => {
    const { handle } = counting();
    const network = await simulateNetwork(handle, { tokenLife: 3 * minute });
    const seen = reading((await network.get('/events')).body);
    const accepted = network.proxy.accepted();
    await network.pass(30 * minute);
    const numbers = upTo(seen.text);
    expect(numbers.length).toBeGreaterThan(1790);
    expect(numbers).toEqual(numbers.map((_, index) => index));
    expect(seen.ended).toBe(false);
    expect(network.proxy.accepted()).toBe(accepted);
    expect(network.grants()).toBeGreaterThanOrEqual(2 * 12);
  });

  it('cannot be renewed: the relay drops the tunnel and keeps the stream; the tunnel comes back for others', async () => {
    const { handle, served } = counting();
    const network = await simulateNetwork(handle, { tokenLife: 3 * minute });
    const seen = reading((await network.get('/events')).body);
    network.around.service = 'away';
    expect(await network.passUntil(allLost(network, Date.now() + hour), 4 * minute)).toBeDefined();
    await expect(network.get('/events')).rejects.toMatchObject({ code: 'no-listener' });
    await network.pass(10 * minute);
    expect(seen.ended).toBe(false);
    network.around.service = 'there';
    expect(await network.passUntil(network.allConnected, 20 * second)).toBeDefined();
    expect((await network.get('/events')).status).toBe(200);
    const numbers = upTo(seen.text);
    expect(numbers.length).toBeGreaterThan(11 * 60);
    expect(numbers).toEqual(numbers.map((_, index) => index));
    for (const body of served) body.destroy();
  });
});

it('24 hours of outages of every kind: found, back, and nothing has grown', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const heap = () => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  const random = seededRandom(2026);
  const between = (least: number, most: number) => Math.round(least + fraction(random) * (most - least));
  const network = await simulateNetwork(ok, { seed: 24 });
  const began = Date.now();
  const timers = jest.getTimerCount();
  const kinds = Object.entries(outages).filter(([name]) => !name.includes('sleeps'));
  const met = new Map<string, number>();
  const late: string[] = [];
  let halfway = 0;
  for (let outage = 0; Date.now() - began < 24 * hour; outage++) {
    await network.pass(between(2, 40) * minute, 5 * second);
    if (anyLost(network)()) late.push(`lost in fair weather before outage ${outage}`);
    const [name, kind] = kinds[outage < kinds.length ? outage : between(0, kinds.length - 1)] ?? [];
    if (name === undefined || kind === undefined) throw new Error('no such outage');
    met.set(name, (met.get(name) ?? 0) + 1);
    const moment = Date.now();
    await kind.begin(network);
    if ((await network.passUntil(allLost(network, moment), 15 * second)) === undefined)
      late.push(`not found: ${name}`);
    await network.pass(between(0, 20) * minute, 5 * second);
    await kind.end(network);
    if ((await network.passUntil(network.allConnected, 20 * second)) === undefined)
      late.push(`not back: ${name}`);
    if ((await network.get('/')).status !== 200) late.push(`not served: ${name}`);
    if (halfway === 0 && Date.now() - began > 12 * hour) halfway = heap();
  }
  await network.pass(2 * minute);
  expect(late).toEqual([]);
  expect([...met.keys()]).toHaveLength(kinds.length);
  expect(network.proxy.sockets()).toBe(4);
  expect(jest.getTimerCount()).toBe(timers);
  const count = [...met.values()].reduce((sum, each) => sum + each, 0);
  expect(network.lines.length).toBeLessThan(2 * 6 * count);
  expect(heap() - halfway).toBeLessThan(8 * 1024 * 1024);
}, 300_000);
