import http from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import type { Duplex } from 'node:stream';
import { second } from '../shared/clock.ts';
import { lookup as systemLookup } from './name-lookup.ts';
import { networkWords } from './network-words.ts';
import { trusting } from './trusted-authorities.ts';

/** Why a proxy gave no connection; the message is one line for whoever is to repair it. */
export class ProxyFault extends Error {
  override readonly name = 'ProxyFault';
  /** What the proxy answered to CONNECT, if it did. */
  readonly status: number | undefined;

  constructor(message: string, status?: number, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

export interface ProxyConnectionOptions {
  readonly proxy: URL;
  /** Whom to reach, as `host:port`. */
  readonly authority: string;
  readonly ca?: string;
  readonly lookup?: LookupFunction;
  readonly signal: AbortSignal;
}

/** Longer than this no proxy is waited for; what it has not given by then is gone, whoever still wants it. */
export const proxyPatience = 8 * second;

/**
 * A connection through a proxy by CONNECT (RFC 9110 section 9.3.6), with Basic credentials (RFC 7617) when its address
 * holds a user. Node's agents can do so as well, but where a proxy hangs they keep its socket for ever.
 *
 * @throws ProxyFault
 */
export function connectThroughProxy(options: ProxyConnectionOptions): Promise<Duplex> {
  const { proxy, authority, ca, signal, lookup = systemLookup } = options;
  const open = proxy.protocol === 'https:' ? https.request : http.request;
  const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
  const request = open({
    method: 'CONNECT',
    host: proxy.hostname.replace(/^\[|\]$/g, ''),
    port: proxy.port || (proxy.protocol === 'https:' ? 443 : 80),
    path: authority,
    agent: false,
    lookup,
    signal,
    headers: { host: authority, ...credentials(proxy) },
    ...(proxy.protocol === 'https:' && { minVersion: 'TLSv1.2', ...trusting(ca) }),
  });
  request.once('connect', (response, stream, head) => {
    if (response.statusCode === 200 && head.length === 0) return resolve(stream);
    stream.on('error', () => {}).destroy();
    reject(refusal(proxy, authority, response.statusCode ?? 0));
  });
  request.on('error', (error) =>
    reject(new ProxyFault(unreachable(proxy, signal, error), undefined, { cause: error })),
  );
  request.once('close', () => reject(new ProxyFault(`the proxy ${proxy.host} cut the connection`)));
  request.end();
  return promise;
}

function credentials({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const pair = [username, password].map(decoded).join(':');
  return { 'proxy-authorization': `Basic ${Buffer.from(pair).toString('base64')}` };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function refusal(proxy: URL, authority: string, status: number): ProxyFault {
  const named = `the proxy ${proxy.host}`;
  if (status === 407) {
    const words =
      proxy.username === ''
        ? `${named} asks for a user and password (407); write them into its address: http://USER:PASSWORD@${proxy.host}`
        : `${named} refuses this user and password (407); correct them in its address`;
    return new ProxyFault(words, status);
  }
  return new ProxyFault(
    status >= 500
      ? `${named} does not reach ${authority} (${status}); ask its operator why`
      : `${named} does not let us through to ${authority} (${status}); its operator must allow CONNECT to it`,
    status,
  );
}

function unreachable(proxy: URL, signal: AbortSignal, error: Error): string {
  const named = `the proxy ${proxy.host}`;
  if (signal.aborted) return `${named} gives no answer; correct its address, or ask its operator`;
  return `${named} cannot be used: ${networkWords(error)}`;
}
