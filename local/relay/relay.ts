import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import {
  acceptHandshake,
  handshakeFault,
  refuseHandshake,
} from '../../shared/tunnel/hybrid-connection-handshake.ts';
import { headerLimit } from '../../shared/tunnel/hybrid-connection-headers.ts';
import { FrameSocket } from '../../shared/tunnel/hybrid-connection-socket.ts';
import { type SasKeys, verifySasToken } from '../../shared/tunnel/sas-token.ts';
import { createHttpRelay, type RelayContext } from './http-relay.ts';
import { ListenerChannel } from './listener-channel.ts';
import { ListenerRegistry } from './listener-registry.ts';
import { Meetings } from './meetings.ts';
import { documentedLimits, type RelayLimits } from './relay-limits.ts';
import { RendezvousOffers } from './rendezvous-offers.ts';
import { authorize } from './sender-authorization.ts';
import { parseTarget, type RelayTarget } from './sender-target.ts';
import { tracked } from './tracking.ts';
import { createWebSocketRelay } from './websocket-relay.ts';

export interface RelayOptions {
  /** 0 for any free one. */
  readonly port: number;
  readonly hostname?: string;
  /** The namespace's shared access policies. */
  readonly keys: SasKeys;
  readonly log: Log;
  readonly clock: Clock;
  /** Without it the relay speaks plain HTTP, fit for one machine only. */
  readonly tls?: { readonly key: string | Buffer; readonly cert: string | Buffer };
  readonly limits?: Partial<RelayLimits>;
  /** Which hybrid connections there are; any name when left out. */
  readonly exists?: (name: string) => boolean;
}

export interface Relay {
  /** `http://127.0.0.1:7072` or with https; listeners put ws or wss in its place. */
  readonly endpoint: string;
  /** How many listeners each hybrid connection has (names in lower case). */
  connections(): ReadonlyMap<string, number>;
  /** Ends all that is open on one hybrid connection with 1001, as Azure does when it is deleted or disabled. */
  disconnect(name: string): void;
  close(): Promise<void>;
}

/**
 * A relay namespace on this machine: the Azure Relay Hybrid Connections protocol, HTTP requests and WebSockets, for
 * listeners and senders of any make.
 *
 * @throws the socket's error when it cannot listen
 */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const { keys, clock, log } = options;
  const hostname = options.hostname ?? '127.0.0.1';
  const exists = options.exists ?? (() => true);
  const limits: RelayLimits = { ...documentedLimits, ...options.limits };
  const listeners = new ListenerRegistry();
  const offers = new RendezvousOffers();
  const meetings = new Meetings();
  const relay: RelayContext = { keys, clock, limits, listeners, offers, meetings, exists, host: hostname };
  const relayHttp = createHttpRelay(relay);
  const relayWebSocket = createWebSocketRelay(relay);
  const sockets = new Set<Socket>();

  const serverOptions = {
    keepAliveTimeout: 120_000,
    // Uploads may take as long as they make progress.
    requestTimeout: 0,
    // Over the protocol's limit it is for us to say so.
    maxHeaderSize: headerLimit + 32 * 1024,
    noDelay: true,
  };
  const server = options.tls
    ? createHttpsServer({ ...serverOptions, ...options.tls, minVersion: 'TLSv1.2' })
    : createHttpServer(serverOptions);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('request', relayHttp);
  server.on('upgrade', (request, stream, head) => {
    stream.on('error', () => {});
    openWebSocket(request, stream, head);
  });

  function openWebSocket(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    const target = parseTarget(request.url ?? '/', '/$hc/');
    if (target === undefined || !exists(target.name)) {
      return refuseHandshake(stream, 404, tracked('The hybrid connection path is invalid'));
    }
    const trace = target.parameter('sb-hc-id');
    const refuse = (status: number, description: string) =>
      refuseHandshake(stream, status, tracked(description, trace));
    const fault = handshakeFault(request);
    if (fault) return refuse(fault.status, fault.description);
    const action = target.parameter('sb-hc-action');
    switch (action) {
      case 'listen':
        return listen(request, stream, head, target);
      case 'connect':
        return relayWebSocket(request, stream, head, target);
      case 'accept':
      case 'request': {
        const visit = offers.take(action, target);
        if (visit === undefined) return refuse(403, 'The address is not valid or no longer');
        return visit({ request, stream, head, target });
      }
      case undefined:
      default:
        return refuse(400, 'Unrecognized sb-hc-action');
    }
  }

  function listen(request: IncomingMessage, stream: Duplex, head: Buffer, target: RelayTarget): void {
    const { name } = target;
    const trace = target.parameter('sb-hc-id');
    const refuse = (status: number, description: string) =>
      refuseHandshake(stream, status, tracked(description, trace));
    const { verdict } = authorize(request, target, 'Listen', relay);
    if (!verdict.ok) return refuse(verdict.status, `The security token is refused: ${verdict.reason}`);
    if (listeners.count(name) >= limits.listeners) {
      return refuse(403, `QuotaExceeded: more than ${limits.listeners} listeners`);
    }
    const channel = new ListenerChannel({
      name,
      base: `${options.tls ? 'wss' : 'ws'}://${ownHost(request)}`,
      expiresAt: verdict.expiresAt,
      verify: (token) => verifySasToken(token, { keys, clock, path: name, right: 'Listen' }),
      clock,
      log,
      gone: (lost) => listeners.remove(lost),
    });
    acceptHandshake(request, stream);
    const { handlers } = channel;
    channel.attach(
      new FrameSocket(stream, head, { role: 'service', handlers, stall: limits.stall }),
      limits.pingInterval,
    );
    listeners.add(channel);
    log.info('relay.listener-connected', { name, listeners: listeners.count(name) });
  }

  /** The name under which the listener reached us, so that it finds its way to the rendezvous as well. */
  function ownHost(request: IncomingMessage): string {
    const named = request.headers.host ?? '';
    return /^[\w.-]+(:\d{1,5})?$|^\[[\da-f:.]+\](:\d{1,5})?$/i.test(named) ? named : authority;
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, hostname, resolve);
  });
  const expiry = setInterval(() => {
    for (const channel of listeners.all()) channel.dropIfExpired();
  }, limits.expiryCheck);
  const { port } = server.address() as AddressInfo;
  const authority = `${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`;

  return {
    endpoint: `${options.tls ? 'https' : 'http'}://${authority}`,
    connections: () => listeners.counts(),
    disconnect(name) {
      for (const channel of listeners.of(name))
        channel.close(1001, 'The hybrid connection is deleted or disabled');
      meetings.end(name);
    },
    async close() {
      clearInterval(expiry);
      for (const channel of listeners.all()) channel.close(1001, 'The relay is shutting down');
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        // Upgraded connections are no longer the server's; the closes above get a moment to leave.
        setImmediate(() => {
          for (const socket of sockets) socket.destroySoon();
        });
        const deadline = setTimeout(() => {
          for (const socket of sockets) socket.destroy();
        }, 500);
        server.once('close', () => clearTimeout(deadline));
      });
    },
  };
}
