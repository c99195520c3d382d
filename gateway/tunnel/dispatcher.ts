import { Readable } from 'node:stream';
import type { Log } from '../../shared/log.ts';
import { isRendezvousOf, rejectAddress } from '../../shared/tunnel/hybrid-connection-address.ts';
import { readableOf, wholeIfSmall } from '../../shared/tunnel/hybrid-connection-body.ts';
import { rendezvousStays } from '../../shared/tunnel/hybrid-connection-headers.ts';
import { HandshakeError, openSocket } from '../../shared/tunnel/hybrid-connection-handshake.ts';
import {
  controlBodyLimit,
  type RequestMessage,
  type ResponseMessage,
} from '../../shared/tunnel/hybrid-connection-message.ts';
import { Exchange } from './exchange.ts';
import { FailureLog } from './failure-log.ts';
import type { RelayedRequest, RelayedResponse } from './relayed-request.ts';
import { type Dialer, Rendezvous } from './rendezvous.ts';
import { isEventStream, responseHead, statedLength } from './response-head.ts';

/** A control channel as those see it who answer over it. */
export interface ControlPath {
  readonly endpoint: string;
  readonly path: string;
  send(head: ResponseMessage, body: Uint8Array | undefined): void;
  /** The exchanges that end with the control channel. */
  readonly exchanges: Set<Exchange>;
}

export interface DispatcherOptions extends Dialer {
  readonly handle: (request: RelayedRequest) => Promise<RelayedResponse>;
  readonly log: Log;
  /** Ends everything. */
  readonly stopped: AbortSignal;
}

type Reply = (response: RelayedResponse) => Promise<void>;

/** Hands requests to the handler and its responses to the control channel or to a rendezvous. */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #exchanges = new Set<Exchange>();
  readonly #rendezvous = new Set<Rendezvous>();
  readonly #failures: FailureLog;
  #opening = 0;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#failures = new FailureLog(options.log, 'tunnel.rendezvous');
  }

  /** A request that came whole over the control channel. */
  request(message: RequestMessage, body: Buffer | undefined, control: ControlPath): void {
    if (this.#full()) {
      this.#sendSmall(control, message.id, { status: 503, headers: {} }, undefined);
      return;
    }
    const exchange = new Exchange(control.path, message, readableOf(body), body?.length ?? 0);
    control.exchanges.add(exchange);
    let rendezvous: Rendezvous | undefined;
    const meet = async (): Promise<void> => {
      rendezvous ??= await this.#open(message.address, control, exchange);
      if (rendezvous === undefined) return;
      control.exchanges.delete(exchange);
      rendezvous.bind(exchange);
    };
    let early: Promise<void> | undefined;
    // The protocol has no word for "the sender has left" but the end of a rendezvous.
    const slow = setTimeout(() => {
      early = meet();
    }, this.#options.limits.quickAnswer);
    const late = setTimeout(() => {
      // "The receiver MUST respond", even when the relay has given up by now.
      if (rendezvous === undefined)
        this.#sendSmall(control, message.id, { status: 503, headers: {} }, undefined);
      exchange.abort('too late');
    }, this.#options.limits.answerWithin);
    const reply: Reply = async (response) => {
      clearTimeout(slow);
      clearTimeout(late);
      const small = early === undefined ? await this.#small(response, message.method) : undefined;
      if (exchange.aborted) return;
      if (small !== undefined) return this.#sendSmall(control, message.id, response, small);
      if (early !== undefined || !hasFailed(response)) await (early ?? meet());
      if (exchange.aborted) return;
      if (rendezvous !== undefined) return this.#replyBy(rendezvous, message.id, response);
      this.#sendSmall(
        control,
        message.id,
        { status: hasFailed(response) ? 500 : 503, headers: {} },
        undefined,
      );
      throw new Error('a body that failed, or is large and found no rendezvous');
    };
    void this.#run(exchange, reply).finally(async () => {
      clearTimeout(slow);
      clearTimeout(late);
      await early;
      control.exchanges.delete(exchange);
      if (exchange.aborted) rendezvous?.close(1001, 'The request was given up');
      else rendezvous?.release();
    });
  }

  /** A request that waits at a rendezvous. */
  meet(address: string, control: ControlPath): void {
    void this.#open(address, control);
  }

  /** WebSockets are not for sharing: the sender gets 501. */
  reject(address: string, control: ControlPath): void {
    if (!isRendezvousOf(control.endpoint, address) || this.#crowded()) return;
    this.#opening++;
    const at = rejectAddress(address, 501, 'WebSockets are not relayed');
    openSocket({
      ...this.#dial(at),
      agent: this.#options.agent(at),
      handlers: { text: () => {}, closed: () => {} },
    })
      .then((socket) => socket.destroy())
      // When all went well it was answered 410.
      .catch(() => {})
      .finally(() => this.#opening--);
  }

  /** Not 1000, which would pass for the end of a body. */
  close(): void {
    for (const exchange of [...this.#exchanges]) exchange.abort('the tunnel was closed');
    for (const rendezvous of [...this.#rendezvous]) rendezvous.close(1001, 'The listener was closed');
  }

  get busy(): boolean {
    return this.#exchanges.size > 0;
  }

  #full(): boolean {
    return this.#exchanges.size >= this.#options.limits.inFlight;
  }

  #crowded(): boolean {
    return this.#opening + this.#rendezvous.size >= 4 * this.#options.limits.inFlight;
  }

  #dial(address: string) {
    const { random, agent, limits, stopped } = this.#options;
    return {
      random,
      limits,
      agent,
      address,
      signal: stopped,
      within: limits.openWithin,
    };
  }

  /** @returns undefined when there can be none; if the sender has gone, the exchange is aborted */
  async #open(
    address: string | undefined,
    control: ControlPath,
    exchange?: Exchange,
  ): Promise<Rendezvous | undefined> {
    if (address === undefined || !isRendezvousOf(control.endpoint, address) || this.#crowded()) {
      this.#failures.failed(this.#crowded() ? 'too many' : 'no address of this relay');
      return undefined;
    }
    this.#opening++;
    try {
      const rendezvous = await Rendezvous.open({
        ...this.#dial(address),
        request: (message, body, at) => this.#requestAt(at, control.path, message, body),
        gone: (lost) => this.#rendezvous.delete(lost),
      });
      this.#rendezvous.add(rendezvous);
      if (this.#failures.failing) this.#failures.recovered();
      return rendezvous;
    } catch (error) {
      // An address that is no longer valid is how we learn that the sender has left: no failure of ours.
      if (error instanceof HandshakeError && error.status !== undefined)
        exchange?.abort('the sender has gone');
      else this.#failures.failed(String(error));
      return undefined;
    } finally {
      this.#opening--;
    }
  }

  #requestAt(
    rendezvous: Rendezvous,
    path: string,
    message: RequestMessage,
    body: Readable | undefined,
  ): void {
    const exchange = new Exchange(
      path,
      message,
      body ?? readableOf(undefined),
      body === undefined ? 0 : undefined,
    );
    rendezvous.bind(exchange);
    const reply: Reply = (response) => this.#replyBy(rendezvous, message.id, response);
    const handled = this.#full() ? Promise.resolve({ status: 503, headers: {} }) : this.#handled(exchange);
    void this.#run(exchange, reply, handled).finally(() => rendezvous.release());
  }

  async #run(exchange: Exchange, reply: Reply, handled = this.#handled(exchange)): Promise<void> {
    this.#exchanges.add(exchange);
    const response = await Promise.race([handled, exchange.abandoned]);
    // It may fail while nobody reads it yet.
    if (response.body instanceof Readable) response.body.on('error', () => {});
    if (exchange.aborted) void handled.then(discard);
    try {
      if (!exchange.aborted) await reply(response);
    } catch (error) {
      if (!exchange.aborted) this.#options.log.warn('tunnel.response-broken', { error: String(error) });
    } finally {
      discard(response);
      this.#exchanges.delete(exchange);
      exchange.end();
    }
  }

  async #handled(exchange: Exchange): Promise<RelayedResponse> {
    try {
      return await this.#options.handle(exchange.request);
    } catch (error) {
      if (!exchange.aborted) this.#options.log.error('tunnel.handler-failed', { error: String(error) });
      return { status: 500, headers: {} };
    }
  }

  /** The whole body if it fits the control channel; undefined when it does not, may not, or has failed. */
  async #small(response: RelayedResponse, method: string): Promise<Uint8Array | undefined> {
    const { body } = response;
    if (body === undefined) return new Uint8Array();
    if (!(body instanceof Readable)) return body.length <= controlBodyLimit ? body : undefined;
    // The answer to HEAD states a length that it does not have.
    const stated = method === 'HEAD' ? 0 : statedLength(response);
    if (isEventStream(response) || (stated ?? 0) > controlBodyLimit) return undefined;
    const { smallEnd, quickEnd } = this.#options.limits;
    return wholeIfSmall(body, controlBodyLimit, stated === undefined ? quickEnd : smallEnd).catch(
      () => undefined,
    );
  }

  #sendSmall(
    control: ControlPath,
    id: string,
    response: RelayedResponse,
    body: Uint8Array | undefined,
  ): void {
    const head = responseHead(id, response, body !== undefined && body.length > 0);
    if (head === undefined) this.#options.log.error('tunnel.response-unfit', { status: response.status });
    control.send(head ?? failure(id), head === undefined ? undefined : body);
  }

  async #replyBy(rendezvous: Rendezvous, id: string, response: RelayedResponse): Promise<void> {
    const head = responseHead(id, response, response.body !== undefined);
    if (head !== undefined && !hasFailed(response)) {
      const responseHeaders = { ...head.responseHeaders, [rendezvousStays]: 'stays' };
      return rendezvous.reply({ ...head, responseHeaders }, response.body);
    }
    this.#options.log.error('tunnel.response-unfit', { status: response.status });
    await rendezvous.reply(failure(id), undefined);
  }
}

const failure = (requestId: string): ResponseMessage => ({
  kind: 'response',
  requestId,
  statusCode: 500,
  responseHeaders: {},
  body: false,
});

function discard({ body }: RelayedResponse): void {
  if (body instanceof Readable) body.on('error', () => {}).destroy();
}

const hasFailed = ({ body }: RelayedResponse): boolean => body instanceof Readable && body.destroyed;
