/** Where a listener opens its control channel; the token travels in a header, where no access log keeps it. */
export const listenAddress = (endpoint: string, path: string): string =>
  `${endpoint.replace(/\/+$/, '')}/$hc/${path.split('/').map(encodeURIComponent).join('/')}?sb-hc-action=listen`;

/** The address with which a listener turns a WebSocket away; the handshake there fails with 410 when all went well. */
export const rejectAddress = (address: string, status: number, description: string): string =>
  `${address}&sb-hc-statusCode=${status}&sb-hc-statusDescription=${encodeURIComponent(description)}`;

/**
 * A query string without the relay's own parameters. As the service does it: a parameter goes when it has a `=` and its
 * name, decoded, begins with `sb-hc-` in any case; everything else stays byte for byte.
 *
 * @param query without the question mark
 */
export function withoutRelayParameters(query: string): string {
  const own = (parameter: string) => {
    const equals = parameter.indexOf('=');
    return equals >= 0 && formDecoded(parameter.slice(0, equals)).toLowerCase().startsWith('sb-hc-');
  };
  return query
    .split('&')
    .filter((parameter) => !own(parameter))
    .join('&');
}

/** The first value of one of the relay's parameters. */
export function relayParameter(query: string, name: string): string | undefined {
  for (const parameter of query.split('&')) {
    const equals = parameter.indexOf('=');
    if (equals >= 0 && formDecoded(parameter.slice(0, equals)).toLowerCase() === name.toLowerCase()) {
      return formDecoded(parameter.slice(equals + 1));
    }
  }
  return undefined;
}

/**
 * The target of a relayed request without the hybrid connection's own path, which the service leaves in front
 * (`/hyco/a?b` is `/a?b` for the listener on `hyco`).
 */
export function targetBelow(path: string, requestTarget: string): string {
  const prefix = `/${path}`;
  if (requestTarget.slice(0, prefix.length).toLowerCase() !== prefix.toLowerCase()) return requestTarget;
  const rest = requestTarget.slice(prefix.length);
  if (rest.startsWith('/')) return rest;
  return rest === '' || rest.startsWith('?') ? `/${rest}` : requestTarget;
}

/**
 * Whether a listener may go to an address that the service named: no less secure than the endpoint, the same port, and
 * the same host or a sibling (Azure names a node of the service, such as `g12-prod-by3-010-sb.servicebus.windows.net`).
 */
export function isRendezvousOf(endpoint: string, address: string): boolean {
  if (!URL.canParse(endpoint) || !URL.canParse(address)) return false;
  const own = new URL(endpoint);
  const other = new URL(address);
  if (other.protocol !== own.protocol || other.username !== '' || other.password !== '') return false;
  if (other.port !== own.port) return false;
  if (other.hostname === own.hostname) return true;
  const domain = own.hostname.split('.').slice(1).join('.');
  return /[a-z]/.test(domain) && domain.split('.').length >= 2 && other.hostname.endsWith(`.${domain}`);
}

function formDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
