import http from 'node:http';
import https from 'node:https';
import type { IncomingMessage } from 'node:http';
import { minute, second } from '../../shared/clock.ts';

export interface UpstreamCall {
  readonly method: string;
  /** Path and query, written by the allowlist engine. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | undefined;
  readonly signal: AbortSignal;
}

/** The one on-prem address this gateway talks to. */
export interface Upstream {
  /** Follows no redirect. @throws when the application cannot be reached or does not answer within 55 seconds */
  call(call: UpstreamCall): Promise<IncomingMessage>;
  close(): void;
}

/** A little less than the relay's 60 seconds, so that the viewer gets an answer that says so. */
const firstByteTimeout = 55 * second;

export function createUpstream(address: URL, ca?: string): Upstream {
  const options = { keepAlive: true, keepAliveMsecs: minute / 2, maxSockets: 256, maxFreeSockets: 16 };
  const agent =
    address.protocol === 'https:'
      ? new https.Agent({ ...options, ...(ca !== undefined && { ca }) })
      : new http.Agent(options);
  const open = address.protocol === 'https:' ? https.request : http.request;

  return {
    call({ method, target, headers, body, signal }) {
      const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
      const outgoing = open({
        protocol: address.protocol,
        hostname: address.hostname.replace(/^\[|\]$/g, ''),
        port: address.port,
        method,
        // Given apart from the address, so that no URL parser reads it again.
        path: target,
        headers: { ...headers, host: address.host, ...(body && { 'content-length': String(body.length) }) },
        agent,
        signal,
      });
      const timer = setTimeout(() => outgoing.destroy(new Error('no answer in time')), firstByteTimeout);
      outgoing.once('response', (response) => {
        clearTimeout(timer);
        resolve(response);
      });
      outgoing.on('error', (error) => {
        clearTimeout(timer);
        reject(error);
      });
      outgoing.end(body);
      return promise;
    },
    close: () => agent.destroy(),
  };
}
