import { systemCodeOf, wordsOf } from './gateway-error.ts';

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
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
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
