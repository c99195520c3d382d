import type { ServerResponse } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import { endToEndFields, withVia } from '../../shared/tunnel/hybrid-connection-headers.ts';
import { isPermittedStatus, type ResponseMessage } from '../../shared/tunnel/hybrid-connection-message.ts';
import type { RelayLimits } from './relay-limits.ts';

/** The listener's answer was passed on in full, the relay answered for itself, or the sender left before the end. */
export type Outcome = 'answered' | 'failed' | 'abandoned';

/** One sender's HTTP request, from its arrival to the end of its answer. */
export class HttpExchange {
  readonly id: string;
  readonly #response: ServerResponse;
  readonly #host: string;
  readonly #limits: RelayLimits;
  readonly #deadline: NodeJS.Timeout;
  #state: 'waiting' | 'answering' | 'ended' = 'waiting';
  #failed = false;
  #onEnd: ((outcome: Outcome) => void)[] = [];

  /** @param host what the relay calls itself in Via */
  constructor(id: string, response: ServerResponse, host: string, limits: RelayLimits) {
    this.id = id;
    this.#response = response;
    this.#host = host;
    this.#limits = limits;
    this.#deadline = setTimeout(
      () => this.fail(504, 'The listener did not answer in the required time'),
      limits.answerWithin,
    );
    response.on('close', () => this.#end());
  }

  get waiting(): boolean {
    return this.#state === 'waiting';
  }

  onEnd(callback: (outcome: Outcome) => void): void {
    this.#onEnd.push(callback);
  }

  /** The request is still on its way to the listener: its time to answer has not begun. */
  progress(): void {
    if (this.waiting) this.#deadline.refresh();
  }

  /** Passes the listener's answer on; a stream as it comes. Too late an answer is discarded. */
  answer(message: ResponseMessage, body: Buffer | Readable): void {
    if (!this.waiting) {
      if (body instanceof Readable) body.destroy();
      return;
    }
    if (!isPermittedStatus(message.statusCode)) {
      if (body instanceof Readable) body.destroy();
      this.fail(500, `The listener answered with status ${message.statusCode}`);
      return;
    }
    this.#state = 'answering';
    clearTimeout(this.#deadline);
    const headers = withVia(endToEndFields(message.responseHeaders), this.#host);
    const response = this.#response;
    if (body instanceof Readable) {
      this.#writeHead(message, headers);
      // An event stream's head must not wait for its first event.
      response.flushHeaders();
      this.#stream(body);
    } else {
      const bodiless =
        response.req.method === 'HEAD' || message.statusCode === 204 || message.statusCode === 304;
      this.#writeHead(message, bodiless ? headers : { ...headers, 'Content-Length': String(body.length) });
      response.end(body);
    }
  }

  /** Answers for the relay itself: without Via, so that nobody takes it for the listener's word. */
  fail(status: number, description: string): void {
    clearTimeout(this.#deadline);
    if (!this.waiting) return;
    this.#state = 'answering';
    this.#failed = true;
    const text = `${description}. TrackingId:${this.id}`;
    this.#response.writeHead(status, text, {
      'Content-Type': 'text/plain',
      'Content-Length': String(Buffer.byteLength(text)),
    });
    this.#response.end(text);
  }

  #writeHead(message: ResponseMessage, headers: Record<string, string>): void {
    if (message.statusDescription === undefined) this.#response.writeHead(message.statusCode, headers);
    else this.#response.writeHead(message.statusCode, message.statusDescription, headers);
  }

  #stream(body: Readable): void {
    const response = this.#response;
    const idle = setTimeout(() => {
      // While the sender does not take what there is, the listener is not to blame.
      if (response.writableNeedDrain && !response.destroyed) idle.refresh();
      else body.destroy(new Error('the response stood still'));
    }, this.#limits.idleResponse);
    body.on('data', () => idle.refresh());
    response.setTimeout(this.#limits.stall, () => {
      if (response.writableNeedDrain) response.destroy();
    });
    pipeline(body, response, () => clearTimeout(idle));
  }

  #end(): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    clearTimeout(this.#deadline);
    const outcome = !this.#response.writableFinished ? 'abandoned' : this.#failed ? 'failed' : 'answered';
    for (const callback of this.#onEnd) callback(outcome);
    this.#onEnd = [];
  }
}
