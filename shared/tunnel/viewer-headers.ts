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
    // Of one viewer only: no shared cache on the way may keep it.
    'cache-control': privateOnly(kept['cache-control']),
    'referrer-policy': 'same-origin',
    'x-robots-tag': 'noindex',
  };
}

function privateOnly(cacheControl: string | undefined): string {
  if (cacheControl === undefined) return 'private, no-cache';
  const kept = cacheControl
    .split(',')
    .map((directive) => directive.trim())
    .filter((directive) => !/^(public|s-maxage=.*|private)$/i.test(directive));
  return ['private', ...kept].join(', ');
}
