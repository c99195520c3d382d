import http from 'node:http';
import https from 'node:https';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { second } from '../shared/clock.ts';
import { GatewayError } from './gateway-error.ts';
import { networkWords } from './network-words.ts';
import { outwardAgents, type OutwardSettings } from './outward-agents.ts';

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  url: URL;
  headers?: Record<string, string>;
  body?: string;
  /** Milliseconds for the whole exchange; 20 s unless told. */
  timeout?: number;
  signal?: AbortSignal;
}

export interface HttpAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

/** One HTTP exchange: no redirect is followed, and a body of more than 4 MiB is an error. */
export interface HttpClient {
  /** @throws GatewayError `unreachable` when no complete answer came */
  send(request: HttpRequest): Promise<HttpAnswer>;
  /** Cuts what is under way; whatever is sent afterwards fails at once with `cancelled`. */
  close(): void;
}

const largestBody = 4 * 1024 * 1024;

export function createHttpClient(settings: OutwardSettings = {}): HttpClient {
  const agents = outwardAgents(settings);
  const closing = new AbortController();
  return {
    send: (request) =>
      exchange(request, request.url.protocol === 'https:' ? agents.https : agents.http, closing.signal),
    close() {
      closing.abort();
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

async function exchange(request: HttpRequest, agent: http.Agent, closing: AbortSignal): Promise<HttpAnswer> {
  const { url, timeout = 20 * second } = request;
  const limit = AbortSignal.timeout(timeout);
  const signal = AbortSignal.any([limit, closing, ...(request.signal ? [request.signal] : [])]);
  try {
    const response = await open(request, agent, signal);
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      text: await readText(response),
    };
  } catch (error) {
    request.signal?.throwIfAborted();
    if (closing.aborted) throw new GatewayError('cancelled', 'This gateway is closing.');
    const why = limit.aborted ? `no answer within ${timeout / second} s` : networkWords(error);
    throw new GatewayError('unreachable', `${url.host} cannot be reached: ${why}`, { cause: error });
  }
}

function open(request: HttpRequest, agent: http.Agent, signal: AbortSignal): Promise<IncomingMessage> {
  const { url, method, body } = request;
  const headers: Record<string, string> = { accept: 'application/json', ...request.headers };
  if (body !== undefined) headers['content-length'] = String(Buffer.byteLength(body));
  const options = { method, headers, agent, signal };
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const outgoing = url.protocol === 'https:' ? https.request(url, options) : http.request(url, options);
  outgoing.once('response', resolve);
  outgoing.on('error', reject);
  // While a proxy is waited for, the request says nothing of its own end.
  signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  outgoing.end(body);
  return promise;
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > largestBody) throw new Error('the answer is larger than 4 MiB');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
