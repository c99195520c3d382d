export interface SmtpServer {
  readonly host: string;
  readonly port: number;
  /** 'implicit': TLS from the first byte; 'starttls': upgraded, or nothing is sent; 'none': in the clear. */
  readonly tls: 'implicit' | 'starttls' | 'none';
  readonly auth?: { readonly user: string; readonly pass: string };
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(?:\.\d+){3}$/.test(host);

/**
 * Reads `SMTP_URL`: `smtps://user:password@host:465` (RFC 8314 section 3.3) or `smtp://user:password@host:587`
 * with STARTTLS, which must then be offered (RFC 3207). In the clear only to this machine (unless
 * `?tls=starttls`), or with `?tls=none` to a server that takes mail without a password.
 *
 * @throws TypeError with words for the operator, never with the URL, which may hold a password
 */
export function parseSmtpUrl(text: string): SmtpServer {
  const url = URL.parse(text);
  if (url === null || !['smtp:', 'smtps:'].includes(url.protocol) || url.hostname === '') {
    throw new TypeError('SMTP_URL must look like smtps://user:password@host:465 or smtp://host:587');
  }
  const asked = url.searchParams.get('tls');
  if (url.searchParams.size > (asked === null ? 0 : 1) || ![null, 'none', 'starttls'].includes(asked)) {
    throw new TypeError('SMTP_URL knows one parameter: tls=none or tls=starttls');
  }
  const implicit = url.protocol === 'smtps:';
  if (implicit && asked !== null) throw new TypeError('SMTP_URL says smtps, so leave out the parameter tls');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const inTheClear = asked === 'none' || (asked === null && !implicit && isLoopback(host));
  const hasPassword = url.username !== '';
  if (inTheClear && hasPassword && !isLoopback(host)) {
    throw new TypeError('SMTP_URL would send a password in the clear: leave out tls=none');
  }
  return {
    host,
    port: url.port === '' ? (implicit ? 465 : 587) : Number(url.port),
    tls: implicit ? 'implicit' : inTheClear ? 'none' : 'starttls',
    ...(hasPassword && {
      auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) },
    }),
  };
}
