import http from 'node:http';
import https from 'node:https';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { minute, second } from '../../shared/clock.ts';
import { systemCodeOf } from '../gateway-error.ts';
import { trusting } from '../trusted-authorities.ts';

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

/** The application took the request and said nothing. */
export class UpstreamSilent extends Error {
  constructor() {
    super(`no answer within ${firstByteTimeout / second} s`);
    this.name = 'UpstreamSilent';
  }
}

/** A little less than the relay's 60 seconds, so that the viewer gets an answer that says so. */
const firstByteTimeout = 55 * second;
/** Shorter than what servers keep an idle connection for, so that one is rarely closed under a new request. */
const longestIdle = 4 * second;

export function createUpstream(address: URL, ca?: string): Upstream {
  const options = {
    keepAlive: true,
    keepAliveMsecs: minute / 2,
    maxSockets: 256,
    maxFreeSockets: 16,
    timeout: longestIdle,
  };
  const agent =
    address.protocol === 'https:'
      ? new https.Agent({ ...options, minVersion: 'TLSv1.2', ...trusting(ca) })
      : new http.Agent(options);
  const open = address.protocol === 'https:' ? https.request : http.request;

  function attempt({ method, target, headers, body, signal }: UpstreamCall): {
    outgoing: ClientRequest;
    answer: Promise<IncomingMessage>;
  } {
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
    const timer = setTimeout(() => outgoing.destroy(new UpstreamSilent()), firstByteTimeout);
    outgoing.once('response', (response) => {
      clearTimeout(timer);
      resolve(response);
    });
    outgoing.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    // An answer that is none, such as an upgrade nobody asked for, closes without a word.
    outgoing.once('close', () => {
      clearTimeout(timer);
      reject(new Error('the connection was cut'));
    });
    outgoing.end(body);
    return { outgoing, answer: promise };
  }

  return {
    async call(call) {
      const first = attempt(call);
      try {
        return await first.answer;
      } catch (error) {
        // The application closed a kept connection just as it was used again (RFC 9112 section 9.3.1): only what
        // may be repeated is (RFC 9110 section 9.2.2).
        const stale =
          first.outgoing.reusedSocket && ['ECONNRESET', 'EPIPE'].includes(systemCodeOf(error) ?? '');
        if (!stale || call.signal.aborted || !['GET', 'HEAD', 'OPTIONS'].includes(call.method)) throw error;
        return await attempt(call).answer;
      }
    },
    close: () => agent.destroy(),
  };
}
