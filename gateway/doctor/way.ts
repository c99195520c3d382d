import { once } from 'node:events';
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { second } from '../../shared/clock.ts';
import { systemCodeOf } from '../gateway-error.ts';
import { lookup as systemLookup } from '../name-lookup.ts';
import { networkWords } from '../network-words.ts';
import type { OutwardSettings } from '../outward-agents.ts';
import { connectThroughProxy } from '../proxy-connection.ts';
import { isLoopbackHost } from '../service-origin.ts';
import { trusting } from '../trusted-authorities.ts';
import { Fault } from './finding.ts';

/** How long each step may take. */
export const patience = 10 * second;

/** What is to be reached, and what to look at when it cannot be. */
export interface Destination {
  readonly url: URL;
  /** Where its address is written, such as `service` in the configuration. */
  readonly writtenIn: string;
}

export const isSecure = (url: URL) => url.protocol === 'https:' || url.protocol === 'wss:';
const hostOf = (url: URL) => url.hostname.replace(/^\[|\]$/g, '');
const portOf = (url: URL) => Number(url.port || (isSecure(url) ? 443 : 80));
export const authorityOf = (url: URL) => `${url.hostname}:${portOf(url)}`;

export async function findName({ url, writtenIn }: Destination, settings: OutwardSettings): Promise<string> {
  const host = hostOf(url);
  if (isLoopbackHost(url.hostname)) return `${host} is this machine`;
  if (isIP(host) !== 0) return `${host} is an address`;
  try {
    return `${host} is ${await addressOf(host, settings.lookup ?? systemLookup)}`;
  } catch (error) {
    throw new Fault(
      `${host}: ${networkWords(error)}`,
      systemCodeOf(error) === 'ENOTFOUND'
        ? `correct ${writtenIn}, or ask who runs the name server`
        : 'check the name server that this machine uses',
      { cause: error },
    );
  }
}

function addressOf(host: string, lookup: LookupFunction): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const limit = setTimeout(
    () => reject(Object.assign(new Error('the name server does not answer'), { code: 'EAI_AGAIN' })),
    patience,
  );
  lookup(host, { family: 0 }, (error, address) => {
    clearTimeout(limit);
    if (error) reject(error);
    else resolve(typeof address === 'string' ? address : (address[0]?.address ?? host));
  });
  return promise;
}

/** @throws Fault */
export async function openTcp(destination: Destination, settings: OutwardSettings): Promise<Socket> {
  const { url, writtenIn } = destination;
  const socket = connectTcp({
    host: hostOf(url),
    port: portOf(url),
    lookup: settings.lookup ?? systemLookup,
  });
  let silent = false;
  socket.setTimeout(patience, () => {
    silent = true;
    socket.destroy(new Error(`no answer within ${patience / second} s`));
  });
  try {
    await once(socket, 'connect');
    socket.setTimeout(0);
    return socket;
  } catch (error) {
    socket.destroy();
    const refused = systemCodeOf(error) === 'ECONNREFUSED' || /nothing listens/.test(networkWords(error));
    throw new Fault(
      `${authorityOf(url)}: ${networkWords(error)}`,
      refused
        ? `correct ${writtenIn}, or start what should listen there`
        : silent
          ? `a firewall swallows it: allow TCP from here to ${authorityOf(url)}, or name a proxy`
          : `allow TCP from here to ${authorityOf(url)}`,
      { cause: error },
    );
  }
}

/** @throws Fault whose message names the proxy */
export async function openThroughProxy(proxy: URL, url: URL, settings: OutwardSettings): Promise<Duplex> {
  const signal = AbortSignal.timeout(patience);
  return connectThroughProxy({ ...settings, proxy, authority: authorityOf(url), signal });
}

/** @throws Fault */
export async function openTls(
  stream: Duplex,
  { url }: Destination,
  ca: string | undefined,
): Promise<TLSSocket> {
  const host = hostOf(url);
  const socket = connectTls({
    socket: stream,
    // RFC 6066 section 3: an address is no server name, but a certificate may name it.
    ...(isIP(host) === 0 ? { servername: host } : { host }),
    minVersion: 'TLSv1.2',
    ...trusting(ca),
  });
  const limit = setTimeout(() => socket.destroy(new Error('no answer to the TLS handshake')), patience);
  try {
    const ended = once(socket, 'close').then(() => Promise.reject(new Error('the connection was cut')));
    ended.catch(() => {});
    await Promise.race([once(socket, 'secureConnect'), ended]);
    return socket;
  } catch (error) {
    throw new Fault(`${authorityOf(url)}: ${networkWords(error)}`, tlsRemedy(error), { cause: error });
  } finally {
    clearTimeout(limit);
    socket.on('error', () => {});
    if (!socket.authorized) socket.destroy();
  }
}

function tlsRemedy(error: unknown): string {
  switch (systemCodeOf(error)) {
    case 'CERT_HAS_EXPIRED':
    case 'CERT_NOT_YET_VALID':
      return "it must be replaced there, unless this machine's clock is wrong";
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return 'correct the address here, or the certificate there';
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return 'it may be your own, or that of a proxy that looks into TLS';
    default:
      return /TLS 1\.2/.test(networkWords(error))
        ? 'it must be updated there'
        : 'it may be another service, or a firewall that does not let TLS pass';
  }
}

/** @returns what the certificate says of itself */
export const tlsWords = (socket: TLSSocket): string =>
  `${socket.getProtocol() ?? 'TLS'}, certificate valid until ${socket.getPeerCertificate().valid_to}`;
