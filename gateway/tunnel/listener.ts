import type { Agent } from 'node:http';
import type { Clock, Random } from '../../shared/clock.ts';
import { minute } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import { HandshakeError } from '../../shared/tunnel/hybrid-connection-handshake.ts';
import { backoff } from '../backoff.ts';
import { networkWords } from '../network-words.ts';
import { outwardAgents } from '../outward-agents.ts';
import { systemTimer, type Timer } from '../timer.ts';
import { ControlChannel, type ControlChannelOptions, type ListenerGrant } from './control-channel.ts';
import { Dispatcher } from './dispatcher.ts';
import { FailureLog } from './failure-log.ts';
import { keepGrant } from './grant-renewal.ts';
import type { RelayedRequest, RelayedResponse } from './relayed-request.ts';
import type { Dialer } from './rendezvous.ts';
import { defaultTunnelLimits, type TunnelLimits } from './tunnel-limits.ts';

export type { ListenerGrant } from './control-channel.ts';
export type { RelayedRequest, RelayedResponse } from './relayed-request.ts';

export interface TunnelState {
  readonly kind: 'connecting' | 'connected' | 'waiting' | 'stopped';
  /** Milliseconds since 1970. */
  readonly since: number;
  /** Why the last attempt or connection ended; gone once connected. */
  readonly lastError?: string;
}

/** What a listener needs of an open control channel. */
export type OpenChannel = Pick<ControlChannel, 'closed' | 'renew' | 'close'>;

export interface TunnelListenerOptions {
  /** Fetches leave to listen, once; asked again when the token ages or the relay refuses it. */
  readonly connect: (signal: AbortSignal) => Promise<ListenerGrant>;
  /** Answers a request; when it throws, the sender gets 500. */
  readonly handle: (request: RelayedRequest) => Promise<RelayedResponse>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** How WebSockets are opened, without TLS and with it; directly unless told. */
  readonly agents?: { readonly http: Agent; readonly https: Agent };
  /** Opens a control channel; over the network unless told. */
  readonly open?: (options: ControlChannelOptions) => Promise<OpenChannel>;
  /** Waits between attempts; rejects when the signal aborts. */
  readonly wait?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** For limits of time, and for looking at the clock now and then. */
  readonly timer?: Timer;
  readonly limits?: Partial<TunnelLimits>;
  readonly onState?: (state: TunnelState) => void;
}

export interface TunnelListener {
  state(): TunnelState;
  /** Whether a request is under way. */
  busy(): boolean;
  /** Ends everything, requests under way included; resolves when that is done. */
  close(): Promise<void>;
}

/** What is left of a token's life for it to be worth another attempt. */
const worthTrying = minute;

/** So many failures in a row make a listener ask where to go, though its token is still good. */
const askAgainAfter = 5;

/**
 * Keeps one listener on a hybrid connection for ever: reconnects with full jitter, renews its token in band, finds
 * half-open connections, and hands what comes to `handle`. For two listeners create two.
 */
export function createTunnelListener(options: TunnelListenerOptions): TunnelListener {
  const { clock, random, log, handle, onState, open = ControlChannel.open, timer = systemTimer } = options;
  const limits: TunnelLimits = { ...defaultTunnelLimits, ...options.limits };
  const wait = options.wait ?? ((milliseconds, signal) => systemTimer.sleep(milliseconds, signal));
  const stop = new AbortController();
  const failures = new FailureLog(log, 'tunnel');
  const agents = options.agents ?? outwardAgents({});
  const dialer: Dialer = {
    random,
    limits,
    agent: (address) => (address.startsWith('wss:') ? agents.https : agents.http),
  };
  const dispatcher = new Dispatcher({ ...dialer, handle, log, stopped: stop.signal });
  let state: TunnelState = { kind: 'connecting', since: clock.now() };
  let held: { readonly grant: ListenerGrant; readonly obtainedAt: number } | undefined;
  let channel: OpenChannel | undefined;

  function enter(kind: TunnelState['kind'], lastError?: string): void {
    state = { kind, since: clock.now(), ...(lastError !== undefined && { lastError }) };
    onState?.(state);
  }

  async function fetchGrant(): Promise<ListenerGrant> {
    const obtainedAt = clock.now();
    const grant = await inTime(options.connect, limits.openWithin, timer, stop.signal);
    held = { grant, obtainedAt };
    return grant;
  }

  /** One connection, from its opening to its end. */
  async function attempt(
    flapping: boolean,
  ): Promise<{ readonly reason: string; readonly lasted: number | undefined }> {
    let connectedAt: number | undefined;
    const ended = (reason: string) => ({
      reason,
      lasted: connectedAt === undefined ? undefined : clock.now() - connectedAt,
    });
    try {
      if (held === undefined || held.grant.expiresAt - clock.now() < worthTrying) await fetchGrant();
      if (held === undefined) return ended('no grant');
      const { grant, obtainedAt } = held;
      channel = await open({ ...dialer, grant, dispatcher, log, stopped: stop.signal });
      if (stop.signal.aborted) channel.close(1000, 'The listener was closed');
      connectedAt = clock.now();
      // A connection that comes and goes is a failure that repeats, not a recovery.
      if (!flapping) failures.recovered();
      enter('connected');
      const stopRenewal = keepGrant({
        channel,
        grant,
        obtainedAt,
        fetch: fetchGrant,
        clock,
        random,
        timer,
        failures,
        interval: limits.pingInterval,
      });
      const closure = await channel.closed;
      stopRenewal();
      // 1008: the token is no longer good. 1001: the hybrid connection was deleted or disabled.
      if (closure.code === 1008 || closure.code === 1001) held = undefined;
      return ended(reasonOf(`closed with ${closure.code} ${closure.reason}`.trim()));
    } catch (error) {
      if (error instanceof HandshakeError && [401, 403, 404].includes(error.status ?? 0)) held = undefined;
      return ended(reasonOf(error));
    } finally {
      channel = undefined;
    }
  }

  async function run(): Promise<void> {
    let lastError: string | undefined;
    let flapping = false;
    for (let failed = 0; !stop.signal.aborted;) {
      enter('connecting', lastError);
      const began = clock.now();
      const { lasted, reason } = await attempt(flapping);
      if (stop.signal.aborted) break;
      flapping = lasted !== undefined && lasted < limits.stable;
      failed = (lasted ?? 0) >= limits.stable ? 1 : failed + 1;
      lastError = reason;
      // Perhaps the relay has moved.
      if (failed % askAgainAfter === 0) held = undefined;
      failures.failed(reason);
      enter('waiting', reason);
      const pause = backoff(failed, limits.backoffBase, limits.backoffCap, random);
      const spent = lasted === undefined ? Math.max(0, clock.now() - began) : 0;
      await wait(Math.max(0, pause - spent), stop.signal).catch(() => {});
    }
    enter('stopped');
  }

  const running = run();

  return {
    state: () => state,
    busy: () => dispatcher.busy,
    async close() {
      channel?.close(1000, 'The listener was closed');
      dispatcher.close();
      stop.abort();
      await running;
    },
  };
}

/** In words, and the same for the same fault: what the relay says holds a number and a time of its own. */
function reasonOf(error: unknown): string {
  const words = networkWords(error instanceof HandshakeError ? (error.cause ?? error) : error);
  return words.replace(/[.,]? *(TrackingId|Timestamp):.*$/is, '').slice(0, 300);
}

/** @throws when it takes longer, or the signal aborts; the work is told to end then */
async function inTime<T>(
  work: (signal: AbortSignal) => Promise<T>,
  milliseconds: number,
  timer: Timer,
  stop: AbortSignal,
): Promise<T> {
  const done = new AbortController();
  const ended = AbortSignal.any([stop, done.signal]);
  const over = timer.sleep(milliseconds, ended).then(() => {
    throw new Error('the service gave no leave to listen in time');
  });
  try {
    return await Promise.race([work(ended), over]);
  } finally {
    done.abort();
  }
}
