import { minute, second, type Clock, type Random } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import { HandshakeError, openSocket } from '../../shared/tunnel/hybrid-connection-handshake.ts';
import { wakeUpProtocol, type WakeReason } from '../../shared/wake-up/wake-up.ts';
import { backoff } from '../backoff.ts';
import { GatewayError } from '../gateway-error.ts';
import { networkWords } from '../network-words.ts';
import type { OutwardAgents } from '../outward-agents.ts';
import { insecureAddress } from '../service-origin.ts';
import type { Timer } from '../timer.ts';
import { FailureLog } from '../tunnel/failure-log.ts';
import { readWakeUp } from './wake-up-message.ts';

const pingInterval = 5 * second;
const openWithin = 8 * second;
const backoffBase = second;
const backoffCap = 15 * second;
/** A connection that stood this long was a good one. */
const stable = minute;
/** A service without wake-ups is asked again this often, should it have them one day. */
const withoutWakeUps = 15 * minute;

export interface WakeUpChannelOptions {
  /** Where to hold the connection; undefined where the service has no wake-ups. */
  readonly connection: (signal: AbortSignal) => Promise<{ readonly url: string } | undefined>;
  /** Also called after each connection: what was said while there was none must not be missed. */
  readonly onWake: (reason: WakeReason) => void;
  readonly agents: OutwardAgents;
  readonly clock: Clock;
  readonly random: Random;
  readonly timer: Timer;
  readonly log: Log;
}

export interface WakeUpChannel {
  isOpen(): boolean;
  close(): Promise<void>;
}

/** Holds one outgoing WebSocket on which the service wakes this gateway, for ever, as the tunnel's listeners do. */
export function createWakeUpChannel(options: WakeUpChannelOptions): WakeUpChannel {
  const { connection, onWake, agents, clock, random, timer, log } = options;
  const stop = new AbortController();
  const failures = new FailureLog(log, 'wake-up');
  let close: (() => void) | undefined;

  /** @returns how long it stood, in milliseconds; undefined where the service has no wake-ups */
  async function attempt(): Promise<number | undefined> {
    const where = await connection(AbortSignal.any([stop.signal, AbortSignal.timeout(openWithin)]));
    if (where === undefined) return undefined;
    const insecure = insecureAddress(new URL(where.url));
    if (insecure !== undefined) throw new GatewayError('protocol', `the address for wake-ups: ${insecure}`);
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    const socket = await openSocket({
      address: where.url,
      headers: { 'Sec-WebSocket-Protocol': wakeUpProtocol },
      random,
      signal: stop.signal,
      within: openWithin,
      agent: where.url.startsWith('wss:') ? agents.https : agents.http,
      handlers: {
        text(text) {
          const reason = readWakeUp(text);
          if (reason !== undefined) onWake(reason);
        },
        closed: () => end(),
      },
    });
    const openedAt = clock.now();
    close = () => socket.close(1000, 'The gateway is closing');
    if (stop.signal.aborted) close();
    socket.watch(pingInterval);
    failures.recovered();
    onWake('look');
    onWake('commands');
    await ended;
    close = undefined;
    return clock.now() - openedAt;
  }

  async function run(): Promise<void> {
    for (let failed = 0; !stop.signal.aborted;) {
      let pause: number;
      try {
        const lasted = await attempt();
        failed = (lasted ?? 0) >= stable ? 1 : failed + 1;
        pause = lasted === undefined ? withoutWakeUps : backoff(failed, backoffBase, backoffCap, random);
      } catch (error) {
        failed += 1;
        const cause = error instanceof HandshakeError ? (error.cause ?? error) : error;
        if (!stop.signal.aborted) failures.failed(networkWords(cause));
        pause = backoff(failed, backoffBase, backoffCap, random);
      }
      await timer.sleep(pause, stop.signal).catch(() => {});
    }
  }

  const running = run();
  return {
    isOpen: () => close !== undefined,
    async close() {
      stop.abort();
      close?.();
      await running;
    },
  };
}
