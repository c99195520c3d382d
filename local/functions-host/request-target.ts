/** The target of a request (RFC 9112 section 3.2), fit to be routed and passed on. */
export interface RequestTarget {
  /** From an absolute-form target, which overrides the Host field (RFC 9112 section 3.2.2). */
  readonly authority: string | undefined;
  /** Path and query as sent, starting with a slash, without dot segments. */
  readonly url: string;
}

/**
 * Reads an origin-form or absolute-form target. Everything stays as it was sent, except that dot segments
 * are removed (RFC 3986 section 5.2.4) and a backslash in the path is encoded: the router, whatever rewrites
 * the URL and the WHATWG URL that the function sees must not understand three different paths.
 * @returns undefined when the target is malformed
 */
export function parseRequestTarget(target: string): RequestTarget | undefined {
  if (!/^[\x21\x22\x24-\x7e]+$/.test(target)) return undefined;
  if (target.startsWith('/')) return { authority: undefined, url: normalized(target) };
  const [whole, authority, rest = ''] = /^https?:\/\/([^/?]+)(.*)$/i.exec(target) ?? [];
  if (whole === undefined) return undefined;
  return { authority, url: normalized(rest.startsWith('/') ? rest : `/${rest}`) };
}

const dotSegment = /\/(?:\.|%2e){1,2}(?=\/|$)/i;

function normalized(url: string): string {
  const mark = url.indexOf('?');
  const path = mark === -1 ? url : url.slice(0, mark);
  if (!path.includes('\\') && !dotSegment.test(path)) return url;
  return removeDotSegments(path.replaceAll('\\', '%5C')) + url.slice(path.length);
}

function removeDotSegments(path: string): string {
  const kept: string[] = [];
  const segments = path.slice(1).split('/');
  for (const [index, segment] of segments.entries()) {
    const dots = segment.replaceAll(/%2e/gi, '.');
    const last = index === segments.length - 1;
    if (dots === '..') kept.pop();
    else if (dots !== '.') kept.push(segment);
    if (last && (dots === '.' || dots === '..')) kept.push('');
  }
  return `/${kept.join('/')}`;
}

/**
 * Percent-decodes a path the way Azure's server does before it routes: every valid UTF-8 sequence except
 * an encoded slash, once; what is invalid stays as it is. Route values therefore are decoded, but hold
 * `%2F` where the client sent one.
 * @returns undefined when the path holds an encoded NUL, which that server refuses
 */
export function decodePath(path: string): string | undefined {
  if (!path.includes('%')) return path;
  if (path.includes('%00')) return undefined;
  return path.replaceAll(/(?:%[0-9a-f]{2})+/gi, decodeRun);
}

function decodeRun(run: string): string {
  let decoded = '';
  for (let at = 0; at < run.length;) {
    const byte = Number.parseInt(run.slice(at + 1, at + 3), 16);
    const bytes = byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    const sequence = run.slice(at, at + 3 * bytes);
    const text = byte === 0x2f ? undefined : decodeSequence(sequence);
    decoded += text ?? run.slice(at, at + 3);
    at += text === undefined ? 3 : sequence.length;
  }
  return decoded;
}

function decodeSequence(sequence: string): string | undefined {
  try {
    return decodeURIComponent(sequence);
  } catch {
    return undefined;
  }
}

const hostSyntax = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?$/i;

/** Whether a Host field names a host that a URL can be built with (RFC 9110 section 7.2). */
export function isHost(host: string): boolean {
  return hostSyntax.test(host) && URL.canParse(`http://${host}/`);
}
