import {
  Agent as HttpAgent,
  type ClientRequest,
  type IncomingMessage,
  request as httpRequest,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { pipeline, Readable } from 'node:stream';
import { second } from '../clock.ts';
import { endToEndFields, rendezvousStays } from './hybrid-connection-headers.ts';

/**
 * Why no answer of the listener came: nobody listens, nobody answered in time, the relay did not let us send, or the
 * connection or the relay failed.
 */
export type TunnelErrorCode = 'no-listener' | 'timeout' | 'refused' | 'broken';

export class TunnelError extends Error {
  override readonly name = 'TunnelError';
  readonly code: TunnelErrorCode;
  /** What the relay answered, if it did. */
  readonly status: number | undefined;

  constructor(code: TunnelErrorCode, message: string, options: { status?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.status = options.status;
  }
}

export interface TunnelRequest {
  /** The hybrid connection's name, such as `sys-…`. */
  readonly connection: string;
  /** Path and query as the listener shall see them; begins with `/`. */
  readonly target: string;
  readonly method: string;
  /** Fields that concern one connection (Host, Content-Length, ...) are not sent on. */
  readonly headers: Record<string, string>;
  readonly body?: Readable | Uint8Array;
  readonly signal?: AbortSignal;
  /** Over a connection of its own, which is tied to no listener yet. */
  readonly fresh?: boolean;
}

export interface TunnelAnswer {
  readonly status: number;
  /** Names in lower case, as Node gives them. */
  readonly headers: Record<string, string | string[]>;
  /** Fails with an error when the tunnel breaks before the end. Destroying it cancels the on-prem request. */
  readonly body: Readable;
  /** False for an answer of the relay itself, such as 431; its failures are thrown. */
  readonly fromListener: boolean;
}

export interface RelaySender {
  /** @throws TunnelError, or the signal's reason when it aborts before the answer began */
  send(request: TunnelRequest): Promise<TunnelAnswer>;
  /** Drops all connections; open answers fail. */
  close(): void;
}

export interface RelaySenderOptions {
  /** `https://ns.servicebus.windows.net` or the one-machine relay's `http://127.0.0.1:port`. */
  readonly endpoint: string;
  /** The value of the ServiceBusAuthorization header for one hybrid connection: a SAS, or a token of Microsoft Entra ID. */
  readonly authorize: (connection: string) => Promise<string>;
  /** Milliseconds from the last byte of the request to the first of the answer. */
  readonly firstByteTimeout?: number;
  /** Certification authorities in PEM, instead of the system's. */
  readonly ca?: string | Buffer | (string | Buffer)[];
}

const largestHead = 64 * 1024;
/** With its head, what surely fits the control channel. */
const surelySmall = 16 * 1024;
/** Shorter than what relays and load balancers allow, so that a connection is rarely closed under a new request. */
const idleConnection = 25 * second;

/** The sender's side of a hybrid connection over HTTP (the guide's "HTTP request protocol"). Nothing is buffered. */
export function createRelaySender(options: RelaySenderOptions): RelaySender {
  const endpoint = new URL(options.endpoint);
  const secure = endpoint.protocol === 'https:';
  const agentOptions = {
    keepAlive: true,
    keepAliveMsecs: 10 * second,
    timeout: idleConnection,
    maxFreeSockets: 64,
  };
  const agent = secure
    ? new HttpsAgent({ ...agentOptions, ...(options.ca !== undefined && { ca: options.ca }) })
    : new HttpAgent(agentOptions);
  const single = { keepAlive: false, ...(options.ca !== undefined && { ca: options.ca }) };
  const freshAgent = secure ? new HttpsAgent(single) : new HttpAgent({ keepAlive: false });
  const open = secure ? httpsRequest : httpRequest;
  const firstByteTimeout = options.firstByteTimeout ?? 60 * second;

  async function send(wanted: TunnelRequest): Promise<TunnelAnswer> {
    wanted.signal?.throwIfAborted();
    const authorization = await options.authorize(wanted.connection);
    wanted.signal?.throwIfAborted();
    const once = () => {
      const request = open(endpoint, {
        agent: wanted.fresh ? freshAgent : agent,
        method: wanted.method,
        path: `/${encodeURIComponent(wanted.connection)}${wanted.target}`,
        headers: {
          ...endToEndFields(wanted.headers, ['servicebusauthorization']),
          ServiceBusAuthorization: authorization,
          ...framing(wanted.body),
        },
        maxHeaderSize: largestHead,
      });
      return { request, answer: answerTo(request, wanted, firstByteTimeout) };
    };
    const first = once();
    try {
      return settled(await first.answer);
    } catch (error) {
      wanted.signal?.throwIfAborted();
      if (!mayRepeat(first.request, wanted, error)) throw error;
    }
    try {
      return settled(await once().answer);
    } catch (error) {
      wanted.signal?.throwIfAborted();
      throw error;
    }
  }

  return {
    send,
    close() {
      agent.destroy();
      freshAgent.destroy();
    },
  };
}

/** Node would send the body of a DELETE without saying where it ends. */
function framing(body: TunnelRequest['body']): Record<string, string> {
  if (body === undefined) return {};
  return body instanceof Uint8Array
    ? { 'Content-Length': String(body.length) }
    : { 'Transfer-Encoding': 'chunked' };
}

/** The relay closed an idle connection just as we used it: nobody saw the request, if it is safe to say so. */
const mayRepeat = (request: ClientRequest, wanted: TunnelRequest, error: unknown): boolean =>
  error instanceof TunnelError &&
  error.code === 'broken' &&
  request.reusedSocket &&
  wanted.body === undefined &&
  ['GET', 'HEAD', 'OPTIONS'].includes(wanted.method);

function answerTo(
  request: ClientRequest,
  wanted: TunnelRequest,
  firstByteTimeout: number,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { body, signal } = wanted;
    const abort = () => request.destroy();
    const timer = setTimeout(() => {
      fail(new TunnelError('timeout', 'no answer in time'));
      request.destroy();
    }, firstByteTimeout);
    const fail = (error: TunnelError) => {
      clearTimeout(timer);
      reject(error);
    };
    request.on('error', (error) => fail(new TunnelError('broken', error.message, { cause: error })));
    request.on('close', () => {
      signal?.removeEventListener('abort', abort);
      fail(new TunnelError('broken', 'the connection closed'));
    });
    request.on('response', (response) => {
      clearTimeout(timer);
      // The service would send this connection's next request to the rendezvous of this one.
      if (mayLeave(response, body)) request.shouldKeepAlive = false;
      resolve(response);
    });
    signal?.addEventListener('abort', abort, { once: true });
    if (body instanceof Readable) {
      // An upload may take longer than an answer may.
      body.on('data', () => timer.refresh());
      pipeline(body, request, (error) => {
        if (error) request.destroy(error);
      });
    } else {
      request.end(body);
    }
  });
}

/** Whether request or answer went by a rendezvous, for all we know, to a listener that does not stay there. */
function mayLeave(response: IncomingMessage, sent: TunnelRequest['body']): boolean {
  if (response.headers[rendezvousStays] !== undefined) return false;
  const whole = sent === undefined || (sent instanceof Uint8Array && sent.length < surelySmall);
  return !whole || response.headers['content-length'] === undefined;
}

/** Tells the relay's own failures from what the listener said: only the latter carries Via. */
function settled(response: IncomingMessage): TunnelAnswer {
  const status = response.statusCode ?? 0;
  const fromListener = response.headers.via !== undefined;
  const code = fromListener ? undefined : failureOf(status);
  if (code !== undefined) {
    response.resume();
    throw new TunnelError(code, `the relay answered ${status} ${response.statusMessage ?? ''}`.trim(), {
      status,
    });
  }
  const headers = Object.fromEntries(
    Object.entries(response.headers).filter(
      (field): field is [string, string | string[]] => field[1] !== undefined,
    ),
  );
  return { status, headers, body: response, fromListener };
}

/** Azure says 404 or 502 when nobody listens, the guide also 503. */
function failureOf(status: number): TunnelErrorCode | undefined {
  if (status === 404 || status === 502 || status === 503) return 'no-listener';
  if (status === 504) return 'timeout';
  if (status === 401 || status === 403) return 'refused';
  return status >= 500 ? 'broken' : undefined;
}
