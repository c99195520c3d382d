/** The request headers of a viewer's browser that go to the on-prem side; all others stay in the cloud. */
export const inwardNames: ReadonlySet<string> = new Set([
  'accept',
  'accept-language',
  'cache-control',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'last-event-id',
  'range',
]);

/** What the viewer's browser sent, reduced to what a dashboard needs. Names in lower case. */
export function inwardHeaders(headers: Iterable<readonly [string, string]>): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of headers)
    if (inwardNames.has(name.toLowerCase())) kept[name.toLowerCase()] = value;
  return kept;
}

/**
 * The response headers that reach a viewer. What is not named here says something about the on-prem side
 * (`Server`, `Via`), sets state (`Set-Cookie`), is hop-by-hop (RFC 9110 section 7.6.1), or would steer the
 * browser beyond the dashboard (`Clear-Site-Data`, `Strict-Transport-Security`, `Refresh`).
 */
export const outwardNames: ReadonlySet<string> = new Set([
  'accept-ranges',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-length',
  'content-range',
  'content-security-policy',
  'content-type',
  'etag',
  'expires',
  'last-modified',
  'location',
  'vary',
  'x-content-type-options',
]);

export function outwardHeaders(headers: Readonly<Record<string, string | readonly string[] | undefined>>) {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    if (value === undefined || !outwardNames.has(lower)) continue;
    // Only a path may redirect: an address would leave the share, or name an internal host.
    const text = typeof value === 'string' ? value : value.join(', ');
    if (lower === 'location' && !/^\/(?![/\\])/.test(text)) continue;
    kept[lower] = text;
  }
  return {
    ...kept,
    'cache-control': freshness(kept['cache-control'], kept['content-type']),
    // Policies add up (CSP Level 3, section 8.1): the application's own holds as well.
    'content-security-policy': [kept['content-security-policy'], "frame-ancestors 'self'"]
      .filter((policy) => policy !== undefined)
      .join(', '),
    // All shares are one site: their pages shall neither embed nor script each other (ASVS 14.4.7, 14.5.3).
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'origin-agent-cluster': '?1',
    'referrer-policy': 'same-origin',
    'x-robots-tag': 'noindex',
  };
}

/** What a page is made of, as against what it shows. */
const lasting =
  /^(?:text\/(?:css|javascript)|application\/(?:x-)?(?:javascript|wasm)|font\/|application\/font-)/i;

/**
 * Of one viewer only: no shared cache on the way may keep it (RFC 9111 section 5.2.2.7). And the viewer's own browser
 * asks each time before it shows anything again, or a page would still be there when its share is over.
 */
function freshness(cacheControl: string | undefined, contentType: string | undefined): string {
  if (cacheControl === undefined) return 'private, no-cache';
  if (!lasting.test(contentType ?? '')) {
    return /\bno-store\b/i.test(cacheControl) ? 'private, no-store' : 'private, no-cache';
  }
  const kept = cacheControl
    .split(',')
    .map((directive) => directive.trim())
    .filter((directive) => !/^(public|s-maxage=.*|private)$/i.test(directive));
  return ['private', ...kept].join(', ');
}
