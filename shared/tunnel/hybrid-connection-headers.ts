/** Header fields of one message; several fields of the same name are joined (RFC 9110 section 5.3). */
export type HeaderFields = Record<string, string>;

/** All names and values of one message together, in bytes, as the protocol guide limits them. */
export const headerLimit = 32 * 1024;

/**
 * Our listener's word that it stays at a rendezvous for the sender's next request, as the guide wants it. Microsoft's
 * listeners leave behind the first answer (.NET, Java) or never read from it again (Node).
 */
export const rendezvousStays = 'drawbridge-rendezvous';

/**
 * Fields that concern one connection only. The guide strips all that RFC 7230 defines except Via; Expect goes with them,
 * because whoever reads the request has answered it already.
 */
const connectionFields = new Set([
  'close',
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/** True for what can stand in a header field on the wire (RFC 9110 section 5). */
export const isHeaderField = (name: string, value: string): boolean =>
  token.test(name) && fieldValue.test(value);

/** True for what can stand after the status code in a status line. */
export const isReasonPhrase = (text: string): boolean => fieldValue.test(text);

/** Without the fields of one connection, those that Connection names, and `besides` (in lower case). */
export function endToEndFields(headers: HeaderFields, besides: readonly string[] = []): HeaderFields {
  const dropped = new Set(besides);
  const kept: HeaderFields = {};
  for (const [name, value] of Object.entries(headers)) {
    if (name.toLowerCase() !== 'connection') continue;
    for (const named of value.split(',')) dropped.add(named.trim().toLowerCase());
  }
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    if (!connectionFields.has(lower) && !dropped.has(lower)) kept[name] = value;
  }
  return kept;
}

/** Node's flat list of names and values, in the sender's spelling. */
export function joinRawHeaders(raw: readonly string[]): HeaderFields {
  const spelling = new Map<string, string>();
  const joined: HeaderFields = {};
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? '';
    const value = raw[i + 1] ?? '';
    const lower = name.toLowerCase();
    // As a plain object's member it would set the prototype.
    if (lower === '__proto__') continue;
    const known = spelling.get(lower);
    if (known === undefined) {
      spelling.set(lower, name);
      joined[name] = value;
    } else {
      joined[known] = `${joined[known]}${lower === 'cookie' ? '; ' : ', '}${value}`;
    }
  }
  return joined;
}

/** A copy with names in lower case, as Node gives them; of two that differ in case only, the later counts. */
export const lowerCaseNames = (headers: HeaderFields): HeaderFields =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

/** Bytes of all names and values. */
export const headerSize = (headers: HeaderFields): number =>
  Object.entries(headers).reduce((sum, [name, value]) => sum + name.length + value.length, 0);

/** The Via of a message that passed `host` (RFC 9110 section 7.6.3). */
export function withVia(headers: HeaderFields, host: string): HeaderFields {
  const name = Object.keys(headers).find((candidate) => candidate.toLowerCase() === 'via') ?? 'Via';
  const before = headers[name];
  return { ...headers, [name]: before === undefined ? `1.1 ${host}` : `${before}, 1.1 ${host}` };
}
