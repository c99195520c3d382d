import type { Agent } from 'node:http';
import { Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import type { Random } from '../../shared/clock.ts';
import { openSocket } from '../../shared/tunnel/hybrid-connection-handshake.ts';
import {
  MessageError,
  parseServiceMessage,
  type RequestMessage,
  type ResponseMessage,
  serializeMessage,
} from '../../shared/tunnel/hybrid-connection-message.ts';
import type { FrameSocket } from '../../shared/tunnel/hybrid-connection-socket.ts';
import type { Exchange } from './exchange.ts';
import type { TunnelLimits } from './tunnel-limits.ts';

/** How WebSockets to the relay are opened. */
export interface Dialer {
  readonly random: Random;
  readonly limits: TunnelLimits;
  readonly agent: (address: string) => Agent;
}

export interface RendezvousOptions extends Dialer {
  readonly address: string;
  readonly signal: AbortSignal;
  /** A request came; its body, if it has one, is the stream. */
  readonly request: (message: RequestMessage, body: Readable | undefined, rendezvous: Rendezvous) => void;
  readonly gone: (rendezvous: Rendezvous) => void;
}

/**
 * The listener's end of a rendezvous: one request at a time, for as long as the service keeps it up, which it does for
 * the lifetime of the sender's connection.
 */
export class Rendezvous {
  readonly #options: RendezvousOptions;
  #socket: FrameSocket | undefined;
  #exchange: Exchange | undefined;

  private constructor(options: RendezvousOptions) {
    this.#options = options;
  }

  /** @throws HandshakeError, with status 403 when the sender has gone */
  static async open(options: RendezvousOptions): Promise<Rendezvous> {
    const { address, random, agent, signal, limits } = options;
    const rendezvous = new Rendezvous(options);
    rendezvous.#socket = await openSocket({
      address,
      random,
      signal,
      within: limits.openWithin,
      stall: limits.stall,
      agent: agent(address),
      handlers: {
        text: (text) => rendezvous.#onText(text),
        closed: () => rendezvous.#onClosed(),
      },
    });
    return rendezvous;
  }

  /** From now on the exchange ends with this connection. */
  bind(exchange: Exchange): void {
    this.#exchange = exchange;
    this.#socket?.unwatch();
    if (this.#socket?.open !== true) this.#onClosed();
  }

  /** Between two requests the service has to read, so its silence tells that it is gone. */
  release(): void {
    this.#exchange = undefined;
    this.#socket?.watch(this.#options.limits.pingInterval);
  }

  /** Sends a response, no faster than it is taken. A body that fails takes the rendezvous with it. */
  async reply(head: ResponseMessage, body: Readable | Uint8Array | undefined): Promise<void> {
    const socket = this.#socket;
    if (socket === undefined) return;
    socket.sendText(serializeMessage(head));
    if (body === undefined) return;
    const out = socket.sendBody();
    try {
      if (body instanceof Readable) {
        await pipeline(body, out);
      } else {
        out.end(body);
        await finished(out);
      }
    } catch (error) {
      socket.close(1011, 'The response broke off');
      throw error;
    }
  }

  close(code: number, reason: string): void {
    this.#socket?.close(code, reason);
  }

  #onText(text: string): void {
    const socket = this.#socket;
    try {
      const message = parseServiceMessage(text);
      if (message.kind !== 'request') throw new MessageError('only requests belong here');
      if (this.#exchange !== undefined) throw new MessageError('a request inside a request');
      this.#options.request(message, message.body ? socket?.receiveBody() : undefined, this);
    } catch (error) {
      if (!(error instanceof MessageError)) throw error;
      socket?.close(1002, error.message);
    }
  }

  #onClosed(): void {
    this.#exchange?.abort('the sender has gone');
    this.#options.gone(this);
  }
}
