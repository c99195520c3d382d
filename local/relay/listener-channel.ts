import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import {
  controlBodyLimit,
  type ListenerMessage,
  MessageError,
  parseListenerMessage,
  type ResponseMessage,
  serializeMessage,
  type ServiceMessage,
} from '../../shared/tunnel/hybrid-connection-message.ts';
import type { FrameSocket } from '../../shared/tunnel/hybrid-connection-socket.ts';
import type { SasVerdict } from '../../shared/tunnel/sas-token.ts';
import { tracked } from './tracking.ts';

/** A request that was sent down a control channel and may be answered there. */
export interface Awaited {
  answer(response: ResponseMessage, body: Buffer): void;
  /** The control channel is gone. */
  listenerLost(): void;
}

export interface ListenerChannelOptions {
  readonly name: string;
  /** Scheme and host as this listener reaches the relay. */
  readonly base: string;
  readonly expiresAt: number;
  readonly verify: (token: string) => SasVerdict;
  readonly clock: Clock;
  readonly log: Log;
  readonly gone: (channel: ListenerChannel) => void;
}

/** The service's end of one listener's control channel. */
export class ListenerChannel {
  readonly name: string;
  readonly base: string;
  readonly #options: ListenerChannelOptions;
  readonly #awaited = new Map<string, Awaited>();
  #socket: FrameSocket | undefined;
  #expiresAt: number;

  constructor(options: ListenerChannelOptions) {
    this.name = options.name;
    this.base = options.base;
    this.#options = options;
    this.#expiresAt = options.expiresAt;
  }

  readonly handlers = {
    text: (text: string) => this.#onText(text),
    closed: (code: number, reason: string) => this.#onClosed(code, reason),
  };

  attach(socket: FrameSocket, pingInterval: number): void {
    this.#socket = socket;
    socket.watch(pingInterval);
  }

  get backlog(): number {
    return this.#socket?.backlog ?? 0;
  }

  send(message: ServiceMessage, body?: Buffer): void {
    const text = serializeMessage(message);
    if (body === undefined || body.length === 0) this.#socket?.sendText(text);
    else this.#socket?.sendTextAndBinary(text, body);
  }

  expect(id: string, awaited: Awaited): void {
    this.#awaited.set(id, awaited);
  }

  /** Whatever comes for that id from now on is ignored. */
  forget(id: string): void {
    this.#awaited.delete(id);
  }

  /** "The control channel is dropped at or soon after the moment of expiry." */
  dropIfExpired(): void {
    if (this.#options.clock.now() >= this.#expiresAt) this.close(1008, 'The security token has expired');
  }

  close(code: number, reason: string): void {
    this.#socket?.close(code, tracked(reason));
    this.#onClosed(code, reason);
  }

  #onText(text: string): void {
    let message: ListenerMessage;
    try {
      message = parseListenerMessage(text);
    } catch (error) {
      if (!(error instanceof MessageError)) throw error;
      this.#options.log.warn('relay.listener-message', { name: this.name, fault: error.message });
      this.close(1002, error.message);
      return;
    }
    if (message.kind === 'renewToken') {
      const verdict = this.#options.verify(message.token);
      if (verdict.ok) this.#expiresAt = verdict.expiresAt;
      else this.close(1008, `The security token is not valid: ${verdict.reason}`);
      return;
    }
    const response = message;
    if (!response.body) this.#settle(response, Buffer.alloc(0));
    else this.#socket?.receiveSmall(controlBodyLimit, (body) => this.#settle(response, body));
  }

  /** A response that nobody awaits (the sender has gone, or the id was never ours) is read and forgotten. */
  #settle(response: ResponseMessage, body: Buffer): void {
    const awaited = this.#awaited.get(response.requestId);
    this.#awaited.delete(response.requestId);
    awaited?.answer(response, body);
  }

  #onClosed(code: number, reason: string): void {
    this.#options.gone(this);
    if (this.#awaited.size > 0)
      this.#options.log.warn('relay.listener-lost', { name: this.name, code, reason });
    const lost = [...this.#awaited.values()];
    this.#awaited.clear();
    for (const awaited of lost) awaited.listenerLost();
  }
}
