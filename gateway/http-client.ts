import http from 'node:http';
import https from 'node:https';
import tls from 'node:tls';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { LookupFunction } from 'node:net';
import { second } from '../shared/clock.ts';
import { GatewayError, systemCodeOf, wordsOf } from './gateway-error.ts';
import { isLoopbackHost } from './service-origin.ts';

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
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

/** How connections to the outside are made; the same for HTTPS and for the tunnel's WebSockets. */
export interface OutwardSettings {
  /** PEM certificates that are trusted besides the usual ones. */
  ca?: string;
  /** `HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY` in either case. */
  proxyEnv?: Record<string, string | undefined>;
}

const largestBody = 4 * 1024 * 1024;

/** `localhost` and `x.localhost` are this machine whatever a name server says, since http is allowed there (RFC 6761). */
export const loopbackLookup: LookupFunction = (_hostname, options, callback) => {
  const found = [
    { address: '127.0.0.1', family: 4 },
    { address: '::1', family: 6 },
  ];
  if (options.all === true) callback(null, found);
  else callback(null, '127.0.0.1', 4);
};

/** What Node's `ca` option needs to trust an own authority beside the usual ones; alone it replaces them. */
export const trusting = (ca: string | undefined): { ca?: string[] } =>
  ca === undefined ? {} : { ca: [...tls.getCACertificates('default'), ca] };

/** Agents for https and http: TLS 1.2 or newer, the system's proxy settings, an own CA beside the known ones. */
export function outwardAgents({ ca, proxyEnv }: OutwardSettings): { http: http.Agent; https: https.Agent } {
  const proxy = proxyEnv === undefined ? {} : { proxyEnv };
  return {
    http: new http.Agent(proxy),
    https: new https.Agent({ minVersion: 'TLSv1.2', ...trusting(ca), ...proxy }),
  };
}

export function createHttpClient(settings: OutwardSettings = {}): HttpClient {
  const outward = outwardAgents(settings);
  // What is on this machine is reached without the proxy: it would be another machine's loopback, and would
  // learn the key of the local API.
  const { proxyEnv: _, ...without } = settings;
  const direct = outwardAgents(without);
  const every = [...Object.values(outward), ...Object.values(direct)];
  const closing = new AbortController();
  return {
    send(request) {
      const agents = isLoopbackHost(request.url.hostname) ? direct : outward;
      return exchange(
        request,
        request.url.protocol === 'https:' ? agents.https : agents.http,
        closing.signal,
      );
    },
    close() {
      closing.abort();
      every.forEach((agent) => agent.destroy());
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
  const options = {
    method,
    headers,
    agent,
    signal,
    ...(/(^|\.)localhost$/.test(url.hostname) ? { lookup: loopbackLookup } : {}),
  };
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const outgoing = url.protocol === 'https:' ? https.request(url, options) : http.request(url, options);
  outgoing.once('response', resolve);
  outgoing.on('error', reject);
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

const words: Record<string, string> = {
  ENOTFOUND: 'its name is not known to the name server',
  EAI_AGAIN: 'the name server does not answer',
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was cut',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to it',
  ETIMEDOUT: 'no answer',
  EPIPE: 'the connection was cut',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed; set caFile if that is meant',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate comes from an unknown authority; set caFile if that is meant',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'its certificate comes from an unknown authority; set caFile if that is meant',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'its certificate comes from an unknown authority; set caFile if that is meant',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'it offers no TLS 1.2 or newer',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'it offers no TLS 1.2 or newer',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS there',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS there',
};

/** A network error in words, never with the content of what was sent. */
export function networkWords(error: unknown): string {
  // Every address of a name was tried; the first fault stands for all.
  const all: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'errors') : undefined;
  const inner: unknown = Array.isArray(all) ? all[0] : error;
  const code = systemCodeOf(inner) ?? '';
  return words[code] ?? (code === 'EPROTO' ? tlsWords(wordsOf(inner)) : wordsOf(inner));
}

/** When the other side's complaint meets our first write, Node gives OpenSSL's own line instead of a code. */
function tlsWords(text: string): string {
  if (/protocol version|unsupported protocol/.test(text)) return 'it offers no TLS 1.2 or newer';
  if (/wrong version number|packet length too long/.test(text)) return 'it does not speak TLS there';
  const [, reason] = /SSL routines:[^:]*:([^:]+):/.exec(text) ?? [];
  return reason === undefined ? 'TLS cannot be agreed on' : `TLS cannot be agreed on (${reason})`;
}
