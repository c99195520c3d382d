import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';

const loopback: LookupAddress[] = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

/**
 * Looks names up as the system does, each name once at a time. A lookup cannot be given up, and one that meets dead
 * name servers takes half a minute in one of very few threads: attempts that each began their own would pile up.
 *
 * `localhost` and `x.localhost` are this machine whatever a name server says, since http is allowed there (RFC 6761).
 */
export function createLookup(resolve: typeof systemLookup = systemLookup): LookupFunction {
  const waiting = new Map<string, ((error: NodeJS.ErrnoException | null, all: LookupAddress[]) => void)[]>();

  function all(
    hostname: string,
    found: (error: NodeJS.ErrnoException | null, all: LookupAddress[]) => void,
  ): void {
    if (/(^|\.)localhost$/i.test(hostname)) return process.nextTick(found, null, loopback);
    const others = waiting.get(hostname);
    if (others) return void others.push(found);
    waiting.set(hostname, [found]);
    resolve(hostname, { all: true }, (error, addresses) => {
      const asked = waiting.get(hostname) ?? [];
      waiting.delete(hostname);
      for (const each of asked) each(error, addresses ?? []);
    });
  }

  return (hostname, options, callback) =>
    all(hostname, (error, addresses) => {
      const [first] = addresses;
      if (error || !first) callback(error ?? notFound(hostname), '', 0);
      else if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
}

const notFound = (hostname: string): NodeJS.ErrnoException =>
  Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), { code: 'ENOTFOUND' });

/** The one of this program. */
export const lookup = createLookup();
