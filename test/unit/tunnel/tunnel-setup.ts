import type { Readable } from 'node:stream';
import WebSocket from 'ws';
import { outwardAgents } from '../../../gateway/outward-agents.ts';
import {
  createTunnelListener,
  type TunnelListener,
  type TunnelState,
} from '../../../gateway/tunnel/listener.ts';
import type { RelayedRequest, RelayedResponse } from '../../../gateway/tunnel/relayed-request.ts';
import type { TunnelLimits } from '../../../gateway/tunnel/tunnel-limits.ts';
import { type Relay, startRelay } from '../../../local/relay/relay.ts';
import type { RelayLimits } from '../../../local/relay/relay-limits.ts';
import { hour } from '../../../shared/clock.ts';
import { type Log, silentLog } from '../../../shared/log.ts';
import { systemClock, systemRandom } from '../../../shared/system-clock.ts';
import {
  createRelaySender,
  type RelaySender,
  type TunnelRequest,
} from '../../../shared/tunnel/relay-sender.ts';
import { createSasToken, type SasKeys } from '../../../shared/tunnel/sas-token.ts';
import { startFaultProxy, type FaultProxy } from '../../support/fault-proxy.ts';

export const keys: SasKeys = {
  all: { key: 'Zm9yIHRlc3RzIG9ubHksIGFsbCByaWdodHMgICAgICAg', rights: ['Manage', 'Listen', 'Send'] },
  send: { key: 'Zm9yIHRlc3RzIG9ubHksIHNlbmRpbmcgICAgICAgICAg', rights: ['Send'] },
  listen: { key: 'Zm9yIHRlc3RzIG9ubHksIGxpc3RlbmluZyAgICAgICAg', rights: ['Listen'] },
};

export const tokenFor = (path: string, keyName = 'all', expiresAt = systemClock.now() + hour): string =>
  createSasToken({ resource: `http://127.0.0.1/${path}`, keyName, key: keys[keyName]?.key ?? '', expiresAt });

/** Resolves when the condition holds; the test's own timeout is the bound. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** Resolves when `value` has not changed for a while. */
export async function settled(value: () => number): Promise<number> {
  for (let last = value(), same = 0; ;) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    same = value() === last ? same + 1 : 0;
    last = value();
    if (same === 30) return last;
  }
}

export async function bytesOf(body: Readable): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of body) pieces.push(Buffer.from(piece as Uint8Array));
  return Buffer.concat(pieces);
}

const closers: (() => unknown)[] = [];

/** For afterEach: ends what the test started, last first. */
export async function cleanUp(): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close();
}

export const onCleanUp = (close: () => unknown): void => void closers.push(close);

export async function relayWith(
  limits: Partial<RelayLimits> = {},
  options: Partial<Parameters<typeof startRelay>[0]> = {},
): Promise<Relay> {
  const relay = await startRelay({ port: 0, keys, log: silentLog, clock: systemClock, limits, ...options });
  onCleanUp(() => relay.close());
  return relay;
}

export type Handler = (request: RelayedRequest) => Promise<RelayedResponse>;

export interface ListenerSetup {
  readonly path?: string;
  readonly limits?: Partial<TunnelLimits>;
  readonly log?: Log;
  /** Where to connect instead of the relay's own address. */
  readonly endpoint?: string;
  readonly ca?: string;
  readonly onState?: (state: TunnelState) => void;
}

export const webSocketEndpoint = (relay: { endpoint: string }): string =>
  relay.endpoint.replace(/^http/, 'ws');

/** Our listener, connected. */
export async function listenerOn(
  relay: Relay,
  handle: Handler,
  setup: ListenerSetup = {},
): Promise<TunnelListener> {
  const path = setup.path ?? 'hyco';
  const listener = createTunnelListener({
    connect: async () => ({
      endpoint: setup.endpoint ?? webSocketEndpoint(relay),
      path,
      token: tokenFor(path, 'listen'),
      expiresAt: systemClock.now() + hour,
    }),
    handle,
    clock: systemClock,
    random: systemRandom,
    log: setup.log ?? silentLog,
    limits: { backoffBase: 20, backoffCap: 50, ...setup.limits },
    agents: outwardAgents(setup.ca === undefined ? {} : { ca: setup.ca }),
    ...(setup.onState && { onState: setup.onState }),
  });
  onCleanUp(() => listener.close());
  await until(() => listener.state().kind === 'connected');
  return listener;
}

export function senderTo(
  endpoint: string,
  options: Partial<Parameters<typeof createRelaySender>[0]> = {},
): RelaySender {
  const sender = createRelaySender({
    endpoint,
    authorize: async (path) => tokenFor(path, 'send'),
    ...options,
  });
  onCleanUp(() => sender.close());
  return sender;
}

export const get = (target: string, more: Partial<TunnelRequest> = {}): TunnelRequest => ({
  connection: 'hyco',
  target,
  method: 'GET',
  headers: {},
  ...more,
});

/** Frames as a program that only knows the protocol guide sees them. */
export class RawPeer {
  readonly socket: WebSocket;
  readonly texts: Record<string, Record<string, unknown>>[] = [];
  readonly binaries: Buffer[] = [];
  closure: { code: number; reason: string } | undefined;
  /** The HTTP status that refused the handshake. */
  refusal: number | undefined;

  constructor(address: string, headers: Record<string, string> = {}, protocols: string[] = []) {
    this.socket = new WebSocket(address, protocols, { headers, perMessageDeflate: false });
    this.socket.on('message', (data: Buffer, binary) => {
      if (binary) this.binaries.push(data);
      else this.texts.push(JSON.parse(data.toString()) as Record<string, Record<string, unknown>>);
    });
    this.socket.on('unexpected-response', (request, response) => {
      this.refusal = response.statusCode;
      request.destroy();
    });
    this.socket.on('error', () => {});
    this.socket.on('close', (code, reason) => (this.closure = { code, reason: reason.toString() }));
    onCleanUp(() => this.socket.terminate());
  }

  async opened(): Promise<this> {
    await until(() => this.socket.readyState === WebSocket.OPEN || this.refusal !== undefined);
    return this;
  }

  say(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  async heard(count = 1): Promise<Record<string, unknown>> {
    await until(() => this.texts.length >= count);
    return Object.values(this.texts[count - 1] ?? {})[0] ?? {};
  }
}

/** A listener that speaks the documented messages by hand. */
export function rawListener(relay: Relay, path = 'hyco'): Promise<RawPeer> {
  const address = `${webSocketEndpoint(relay)}/$hc/${path}?sb-hc-action=listen&sb-hc-id=raw`;
  return new RawPeer(address, { ServiceBusAuthorization: tokenFor(path, 'listen') }).opened();
}

/** See startFaultProxy; closed after the test. */
export async function tcpProxy(target: string): Promise<FaultProxy> {
  const proxy = await startFaultProxy(target);
  onCleanUp(() => proxy.close());
  return proxy;
}
