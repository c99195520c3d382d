import http from 'node:http';
import https from 'node:https';
import { isIPv6, type LookupFunction } from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { lookup } from './name-lookup.ts';
import { connectThroughProxy, ProxyFault, proxyPatience } from './proxy-connection.ts';
import type { ProxyRules } from './proxy-rules.ts';
import { trusting } from './trusted-authorities.ts';

/** How connections to the outside are made; the same for HTTPS and for the tunnel's WebSockets. */
export interface OutwardSettings {
  /** PEM certificates that are trusted besides the usual ones. */
  readonly ca?: string;
  readonly proxy?: ProxyRules;
  /** How names are looked up. */
  readonly lookup?: LookupFunction;
}

export interface OutwardAgents {
  readonly http: http.Agent;
  readonly https: https.Agent;
}

/** TLS 1.2 or newer, through the proxy if there is one, an own authority beside the known ones. */
export const outwardAgents = (settings: OutwardSettings): OutwardAgents => ({
  // Without TLS only this machine is spoken to, which no proxy stands before.
  http: new http.Agent({ lookup: settings.lookup ?? lookup }),
  https: new ProxiedAgent(settings),
});

type Created = (error: Error | null, stream: Duplex) => void;

class ProxiedAgent extends https.Agent {
  readonly #settings: OutwardSettings;
  readonly #closing = new AbortController();

  constructor(settings: OutwardSettings) {
    super({ minVersion: 'TLSv1.2', lookup: settings.lookup ?? lookup, ...trusting(settings.ca) });
    this.#settings = settings;
  }

  override createConnection(options: https.RequestOptions, created?: Created): Duplex | null | undefined {
    const host = options.host ?? 'localhost';
    const authority = `${isIPv6(host) ? `[${host}]` : host}:${options.port ?? 443}`;
    const proxy = this.#settings.proxy?.proxyFor(new URL(`https://${authority}`));
    if (proxy === undefined) return super.createConnection(options, created);
    const limit = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(proxyPatience)]);
    connectThroughProxy({ ...this.#settings, proxy, authority, signal: limit })
      .then((stream) => secured(stream, options, limit))
      .then(
        (stream) => created?.(null, stream),
        // Node's types want a stream even where there is none.
        (error: Error) => (created as ((error: Error) => void) | undefined)?.(error),
      );
    return undefined;
  }

  override destroy(): void {
    this.#closing.abort();
    super.destroy();
  }
}

/** TLS with whom the proxy connected us to. */
function secured(stream: Duplex, options: https.RequestOptions, signal: AbortSignal): Promise<Duplex> {
  const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
  const socket = tls.connect({ ...(options as tls.ConnectionOptions), socket: stream });
  const giveUp = () => socket.destroy(new ProxyFault('no TLS answer through the proxy'));
  signal.addEventListener('abort', giveUp, { once: true });
  socket.once('secureConnect', () => {
    signal.removeEventListener('abort', giveUp);
    resolve(socket);
  });
  socket.once('error', reject);
  socket.once('close', () => {
    signal.removeEventListener('abort', giveUp);
    stream.destroy();
    reject(new ProxyFault('the connection through the proxy was cut'));
  });
  return promise;
}
