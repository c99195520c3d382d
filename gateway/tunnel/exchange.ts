import type { Readable } from 'node:stream';
import { targetBelow } from '../../shared/tunnel/hybrid-connection-address.ts';
import { lowerCaseNames } from '../../shared/tunnel/hybrid-connection-headers.ts';
import type { RequestMessage } from '../../shared/tunnel/hybrid-connection-message.ts';
import type { RelayedRequest, RelayedResponse } from './relayed-request.ts';

/** One request under way, from its message to the last byte of its response. */
export class Exchange {
  readonly request: RelayedRequest;
  /** Settles when it is aborted, so that nobody waits for a handler that does not look at the signal. */
  readonly abandoned: Promise<RelayedResponse>;
  readonly #controller = new AbortController();
  #ended = false;

  constructor(path: string, message: RequestMessage, body: Readable, bodyLength: number | undefined) {
    this.abandoned = new Promise((resolve) => {
      this.#controller.signal.addEventListener('abort', () => resolve({ status: 503, headers: {} }), {
        once: true,
      });
    });
    // A handler need not read the body, and must not fall over it when the sender leaves.
    body.on('error', () => {});
    this.request = {
      id: message.id,
      method: message.method,
      target: targetBelow(path, message.requestTarget),
      headers: lowerCaseNames(message.requestHeaders),
      body,
      bodyLength,
      signal: this.#controller.signal,
    };
  }

  get aborted(): boolean {
    return this.#controller.signal.aborted;
  }

  /** Nobody waits for the response any more. Without effect once it is sent. */
  abort(reason: string): void {
    if (this.#ended || this.aborted) return;
    this.#controller.abort(new Error(reason));
    this.request.body.destroy();
  }

  end(): void {
    this.#ended = true;
    this.request.body.destroy();
  }
}
