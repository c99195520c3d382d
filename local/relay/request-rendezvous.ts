import type { Socket } from 'node:net';
import { pipeline, type Readable } from 'node:stream';
import {
  MessageError,
  parseListenerMessage,
  type RequestMessage,
  serializeMessage,
} from '../../shared/tunnel/hybrid-connection-message.ts';
import type { FrameSocket } from '../../shared/tunnel/hybrid-connection-socket.ts';
import { readableOf } from '../../shared/tunnel/hybrid-connection-body.ts';
import type { HttpExchange } from './http-exchange.ts';
import { tracked } from './tracking.ts';

/**
 * The service's end of a rendezvous for HTTP. It belongs to the sender's connection: once it stands, all requests that
 * come over that connection for the same hybrid connection take it, and either ends with the other.
 */
export class RequestRendezvous {
  readonly name: string;
  readonly #sender: Socket;
  readonly #pingInterval: number;
  #socket: FrameSocket | undefined;
  #exchange: HttpExchange | undefined;
  #uploading = false;
  #lost = false;
  #retired = false;

  constructor(name: string, sender: Socket, pingInterval: number) {
    this.name = name;
    this.#sender = sender;
    this.#pingInterval = pingInterval;
  }

  readonly handlers = {
    text: (text: string) => this.#onText(text),
    closed: () => this.#onClosed(),
  };

  /** True when the next request may be sent. */
  get free(): boolean {
    return this.#socket?.open === true && this.#exchange === undefined && !this.#uploading && !this.#retired;
  }

  /** The listener has come, to answer `exchange`. */
  attach(socket: FrameSocket, exchange: HttpExchange): void {
    this.#socket = socket;
    this.#take(exchange);
    this.#sender.once('close', this.#senderLeft);
  }

  /** Sends a request with its body, which is not read faster than the listener reads it. */
  deliver(exchange: HttpExchange, message: RequestMessage, body: Readable | undefined): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    if (this.#exchange !== exchange) this.#take(exchange);
    socket.sendText(serializeMessage(message));
    exchange.progress();
    if (body === undefined) return;
    this.#uploading = true;
    body.on('data', () => exchange.progress());
    pipeline(body, socket.sendBody(), (error) => {
      this.#uploading = false;
      if (error) this.#senderLeft();
      else this.#rest();
    });
  }

  /** Takes no further request: the sender's connection has gone on to another hybrid connection. */
  retire(): void {
    this.#retired = true;
    this.#rest();
  }

  #take(exchange: HttpExchange): void {
    this.#exchange = exchange;
    this.#socket?.unwatch();
    exchange.onEnd((outcome) => {
      this.#exchange = undefined;
      if (this.#lost && !this.#retired) this.#sender.end();
      else if (outcome === 'answered') this.#rest();
      else this.#senderLeft();
    });
  }

  /** Between two requests the listener has to read, so its silence tells that it is gone. */
  #rest(): void {
    if (this.#exchange !== undefined || this.#uploading) return;
    if (this.#retired) this.#senderLeft();
    else this.#socket?.watch(this.#pingInterval);
  }

  readonly #senderLeft = () =>
    this.#socket?.close(1001, tracked('The sender client shut down the connection'));

  readonly deleted = () => this.#socket?.close(1001, tracked('The hybrid connection is deleted or disabled'));

  #onText(text: string): void {
    try {
      const message = parseListenerMessage(text);
      const exchange = this.#exchange;
      if (message.kind !== 'response') throw new MessageError('only responses belong here');
      if (message.requestId !== exchange?.id) throw new MessageError('a response to another request');
      if (!exchange.waiting) throw new MessageError('a second response');
      exchange.answer(
        message,
        message.body ? (this.#socket?.receiveBody() ?? readableOf(undefined)) : Buffer.alloc(0),
      );
    } catch (error) {
      if (!(error instanceof MessageError)) throw error;
      this.#socket?.close(1002, tracked(error.message));
      this.#exchange?.fail(500, 'The listener broke the protocol');
    }
  }

  #onClosed(): void {
    this.#lost = true;
    this.#sender.off('close', this.#senderLeft);
    if (this.#exchange === undefined && !this.#retired) this.#sender.end();
    else if (this.#exchange?.waiting) this.#exchange.fail(502, 'The listener closed the rendezvous');
  }
}
