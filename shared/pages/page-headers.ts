/**
 * The headers of every page. Nothing runs, nothing is embedded, nothing comes from elsewhere
 * (Content Security Policy Level 3).
 *
 * @param formTargets origins, besides the page's own, to which a form may lead. Browsers hold redirects after a
 *   form to `form-action` too: a sign-in that ends on a share's origin must name `https://*.share.example` here.
 */
export function pageHeaders(formTargets: readonly string[] = []): Record<string, string> {
  const formAction = ["'self'", ...formTargets].join(' ');
  return {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': `default-src 'none'; style-src 'self'; img-src 'self'; form-action ${formAction}; frame-ancestors 'none'; base-uri 'none'`,
    'cache-control': 'no-store',
    // Not no-referrer: with it, browsers send forms with "Origin: null", and the origin check would fail.
    'referrer-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'origin-agent-cluster': '?1',
    'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
  };
}
