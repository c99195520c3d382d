import type { IncomingHttpHeaders } from 'node:http';
import { outwardNames } from '../../shared/tunnel/viewer-headers.ts';

/**
 * The headers of an on-prem answer that leave the network. Cookies, server banners, authentication, CORS and
 * hop-by-hop fields (RFC 9110 section 7.6.1) do not. A `Location` on the application itself becomes a path.
 * @param requested what was asked for on the application; a `Location` may be relative to it (RFC 9110
 * section 10.2.2)
 * @returns undefined when the answer redirects to another host, which must not be told
 */
export function guardedHeaders(
  headers: IncomingHttpHeaders,
  requested: URL,
): Record<string, string> | undefined {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || name === 'location' || !outwardNames.has(name)) continue;
    const text = Array.isArray(value) ? value.join(', ') : value;
    // A header outside printable ASCII would make the whole answer unfit for the tunnel.
    if (/^[\t\x20-\x7e]*$/.test(text)) kept[name] = text;
  }
  if (headers.location === undefined) return kept;
  const target = URL.parse(headers.location, requested);
  if (target?.origin !== requested.origin) return undefined;
  // `//host` as a path is another host to a browser.
  if (target.pathname.startsWith('//')) return undefined;
  return { ...kept, location: target.pathname + target.search + target.hash };
}
