import type { LookupFunction } from 'node:net';
import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises';
import { outwardAgents } from '../../../gateway/outward-agents.ts';
import type { Timer } from '../../../gateway/timer.ts';
import { createTunnelListener, type TunnelListener } from '../../../gateway/tunnel/listener.ts';
import { type Relay, startRelay } from '../../../local/relay/relay.ts';
import { hour, second } from '../../../shared/clock.ts';
import { silentLog } from '../../../shared/log.ts';
import { createRelaySender } from '../../../shared/tunnel/relay-sender.ts';
import { createSasToken } from '../../../shared/tunnel/sas-token.ts';
import { type FaultProxy, startFaultProxy, type Weather } from '../../support/fault-proxy.ts';
import { seededRandom } from '../gateway/still-time.ts';
import { type Handler, keys, onCleanUp } from './tunnel-setup.ts';

/** Real sockets in time that passes only when it is told to: an hour of the tunnel takes about a second. */
export function stopTime(): void {
  jest.useFakeTimers({
    doNotFake: ['nextTick', 'setImmediate', 'clearImmediate', 'queueMicrotask', 'hrtime', 'performance'],
  });
  onCleanUp(() => jest.useRealTimers());
}

const now = () => Date.now();

/** A millisecond of the world outside, whatever the test's time does. */
export const realTurn = (): Promise<void> => pause(1);

/** Waits by the global timers, which Jest has in hand; those of node:timers/promises it has not. */
export const globalTimer: Timer = {
  sleep: (milliseconds, signal) =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const end = () => {
        clearTimeout(timeout);
        reject(signal?.reason as Error);
      };
      const timeout = setTimeout(() => {
        signal?.removeEventListener('abort', end);
        resolve();
      }, milliseconds);
      signal?.addEventListener('abort', end, { once: true });
    }),
};

export interface SimulatedNetwork {
  readonly proxy: FaultProxy;
  readonly listeners: readonly TunnelListener[];
  /** What was logged. */
  readonly lines: { event: string; fields: Record<string, unknown> }[];
  /** How the gateway's surroundings are. */
  readonly around: {
    /** Does the service give leave to listen? */
    service: 'there' | 'away' | 'silent';
    names: 'known' | 'unknown' | 'no answer';
    /** How far the gateway's clock is ahead. */
    skew: number;
  };
  /** How often the service was asked. */
  grants(): number;
  /** Lets time pass second by second, or in steps as told; everything sent has arrived after each. */
  pass(milliseconds: number, step?: number): Promise<void>;
  /** @returns milliseconds that passed until it held, or undefined when it did not within the limit */
  passUntil(holds: () => boolean, limit: number): Promise<number | undefined>;
  /** Every listener believes itself connected, and the relay knows of each. */
  allConnected(): boolean;
  weather(weather: Weather): Promise<void>;
  /** The machine sleeps: the world goes on and its own timers do not. */
  sleep(milliseconds: number): void;
  stopRelay(): Promise<void>;
  startRelay(): Promise<void>;
  get(target: string): Promise<{ status: number; body: NodeJS.ReadableStream }>;
}

export async function simulateNetwork(
  handle: Handler,
  { seed = 1, tokenLife = hour, listeners: count = 2 } = {},
): Promise<SimulatedNetwork> {
  const clock = { now };
  const serve = (port: number) => startRelay({ port, keys, log: silentLog, clock });
  let relay: Relay | undefined = await serve(0);
  const port = Number(new URL(relay.endpoint).port);
  const proxy = await startFaultProxy(relay.endpoint);
  const lines: SimulatedNetwork['lines'] = [];
  const note = (event: string, fields = {}) => void lines.push({ event, fields });
  const around: SimulatedNetwork['around'] = { service: 'there', names: 'known', skew: 0 };
  let grants = 0;

  const token = (keyName: string, expiresAt: number) =>
    createSasToken({ resource: 'http://relay.test/hyco', keyName, key: keys[keyName]?.key ?? '', expiresAt });

  const lookup: LookupFunction = (_host, options, found) => {
    if (around.names === 'no answer') return;
    if (around.names === 'unknown')
      process.nextTick(found, Object.assign(new Error('getaddrinfo'), { code: 'EAI_AGAIN' }));
    else if (options.all === true) process.nextTick(found, null, [{ address: '127.0.0.1', family: 4 }]);
    else process.nextTick(found, null, '127.0.0.1', 4);
  };
  const agents = outwardAgents({ lookup });
  const gatewayClock = { now: () => now() + around.skew };
  const listeners = Array.from({ length: count }, (_, index) =>
    createTunnelListener({
      connect: async () => {
        grants++;
        if (around.service === 'silent') await new Promise(() => {});
        if (around.service === 'away') throw new Error('the service cannot be reached');
        return {
          endpoint: `ws://relay.test:${proxy.port}`,
          path: 'hyco',
          token: token('listen', now() + tokenLife),
          expiresAt: gatewayClock.now() + tokenLife,
        };
      },
      handle,
      clock: gatewayClock,
      random: seededRandom(seed * 1000 + index + 1),
      log: { info: note, warn: note, error: note },
      agents,
      timer: globalTimer,
      wait: (milliseconds, signal) => globalTimer.sleep(milliseconds, signal),
    }),
  );
  const sender = createRelaySender({
    endpoint: `http://127.0.0.1:${port}`,
    authorize: async () => token('send', now() + hour),
  });

  async function quiet(): Promise<void> {
    for (let still = 0, last = -1; still < 12; still++) {
      await turn();
      const { length } = lines;
      const seen = proxy.activity() + length;
      if (seen !== last) still = 0;
      last = seen;
    }
  }

  const network: SimulatedNetwork = {
    proxy,
    listeners,
    lines,
    around,
    grants: () => grants,
    async pass(milliseconds, step = second) {
      await quiet();
      for (let left = milliseconds; left > 0; left -= step) {
        jest.advanceTimersByTime(Math.min(step, left));
        await quiet();
      }
    },
    async passUntil(holds, limit) {
      await quiet();
      for (let passed = 0; passed <= limit; passed += second) {
        if (holds()) return passed;
        await network.pass(second);
      }
      return undefined;
    },
    allConnected: () =>
      listeners.every((listener) => listener.state().kind === 'connected') &&
      relay?.connections().get('hyco') === count,
    async weather(weather) {
      await proxy.set(weather);
      await quiet();
    },
    sleep: (milliseconds) => void jest.setSystemTime(now() + milliseconds),
    async stopRelay() {
      const closed = relay?.close();
      relay = undefined;
      await network.pass(2 * second);
      await closed;
    },
    async startRelay() {
      relay = await serve(port);
    },
    async get(target) {
      const sent = sender.send({ connection: 'hyco', target, method: 'GET', headers: {} });
      let settled = false;
      const settle = () => void (settled = true);
      sent.then(settle, settle);
      await quiet();
      // On a busy machine the relay may not have noticed yet that one of its channels is dead; its patience is 60 s.
      for (let waited = 0; !settled && waited < 90; waited += 1) await network.pass(second);
      return sent;
    },
  };
  onCleanUp(async () => {
    const closed = Promise.all(listeners.map((listener) => listener.close()));
    sender.close();
    proxy.cut();
    const stopped = network.stopRelay();
    await network.pass(5 * second);
    await Promise.all([closed, stopped, proxy.close()]);
  });
  await network.passUntil(network.allConnected, 30 * second);
  return network;
}
