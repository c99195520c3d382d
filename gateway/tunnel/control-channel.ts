import type { Log } from '../../shared/log.ts';
import { listenAddress } from '../../shared/tunnel/hybrid-connection-address.ts';
import { openSocket } from '../../shared/tunnel/hybrid-connection-handshake.ts';
import {
  controlBodyLimit,
  MessageError,
  parseServiceMessage,
  type ResponseMessage,
  type ServiceMessage,
  serializeMessage,
} from '../../shared/tunnel/hybrid-connection-message.ts';
import type { FrameSocket } from '../../shared/tunnel/hybrid-connection-socket.ts';
import type { ControlPath, Dispatcher } from './dispatcher.ts';
import type { Exchange } from './exchange.ts';
import type { Dialer } from './rendezvous.ts';

/** Leave to listen on one hybrid connection, from the service. */
export interface ListenerGrant {
  /** `wss://host` or, on one machine, `ws://host:port`. */
  readonly endpoint: string;
  /** The hybrid connection's name. */
  readonly path: string;
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

export interface ControlChannelOptions extends Dialer {
  readonly grant: ListenerGrant;
  readonly dispatcher: Dispatcher;
  readonly log: Log;
  readonly stopped: AbortSignal;
}

/** Why a control channel ended (RFC 6455 section 7.4.1). */
export interface Closure {
  readonly code: number;
  readonly reason: string;
}

/** A listener's open control channel. */
export class ControlChannel implements ControlPath {
  readonly endpoint: string;
  readonly path: string;
  readonly exchanges = new Set<Exchange>();
  readonly closed: Promise<Closure>;
  readonly #dispatcher: Dispatcher;
  readonly #log: Log;
  #socket: FrameSocket | undefined;
  #end: (closure: Closure) => void = () => {};
  #unread = 0;

  private constructor({ grant, dispatcher, log }: ControlChannelOptions) {
    this.endpoint = grant.endpoint;
    this.path = grant.path;
    this.#dispatcher = dispatcher;
    this.#log = log;
    this.closed = new Promise((resolve) => (this.#end = resolve));
  }

  /** @throws HandshakeError */
  static async open(options: ControlChannelOptions): Promise<ControlChannel> {
    const { grant, random, agent, limits, stopped } = options;
    const channel = new ControlChannel(options);
    const address = listenAddress(grant.endpoint, grant.path);
    channel.#socket = await openSocket({
      address,
      headers: { ServiceBusAuthorization: grant.token },
      random,
      signal: stopped,
      within: limits.openWithin,
      stall: limits.stall,
      agent: agent(address),
      handlers: {
        text: (text) => channel.#onText(text),
        closed: (code, reason) => channel.#onClosed(code, reason),
      },
    });
    channel.#socket.watch(limits.pingInterval);
    return channel;
  }

  send(head: ResponseMessage, body: Uint8Array | undefined): void {
    const text = serializeMessage(head);
    if (body === undefined || body.length === 0) this.#socket?.sendText(text);
    else this.#socket?.sendTextAndBinary(text, body);
  }

  /** The service says nothing to this when it is content, and closes with 1008 when it is not. */
  renew(token: string): void {
    this.#socket?.sendText(serializeMessage({ kind: 'renewToken', token }));
  }

  close(code: number, reason: string): void {
    this.#socket?.close(code, reason);
  }

  #onText(text: string): void {
    const message = this.#parsed(text);
    switch (message?.kind) {
      case 'request':
        if (!message.body) this.#dispatcher.request(message, undefined, this);
        else {
          this.#socket?.receiveSmall(controlBodyLimit, (body) =>
            this.#dispatcher.request(message, body, this),
          );
        }
        return;
      case 'rendezvous':
        return this.#dispatcher.meet(message.address, this);
      case 'accept':
        return this.#dispatcher.reject(message.address, this);
      case undefined:
    }
  }

  /** Messages of a later version of the protocol are none of ours. */
  #parsed(text: string): ServiceMessage | undefined {
    try {
      return parseServiceMessage(text);
    } catch (error) {
      if (!(error instanceof MessageError)) throw error;
      if (this.#unread++ === 0) this.#log.warn('tunnel.unread-message', { fault: error.message });
      return undefined;
    }
  }

  #onClosed(code: number, reason: string): void {
    for (const exchange of [...this.exchanges]) exchange.abort('the control channel was lost');
    this.exchanges.clear();
    this.#end({ code, reason });
  }
}
