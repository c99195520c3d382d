/**
 * Why a request is none of the dashboard's own, or undefined. All shares are one site to a browser, so it sends the
 * cookie of one with what a page of another embeds, frames or posts; reading the answer is not all that can be done
 * with it. Only a click may lead here from elsewhere (Fetch Metadata; OWASP ASVS 4.2.2, 14.5.3).
 * @param origin of the share
 * @param headers names in lower case
 */
export function foreignTo(
  origin: string,
  headers: Readonly<Record<string, string>>,
  method = 'GET',
): string | undefined {
  const site = headers['sec-fetch-site'];
  // Programs and old browsers do not say; such a browser names its origin where it matters.
  if (site === undefined) {
    const from = headers['origin'];
    return from === undefined || from === origin ? undefined : 'a page of another origin sent it';
  }
  if (site === 'same-origin' || site === 'none') return undefined;
  const follows =
    method === 'GET' && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
  return follows ? undefined : 'a page of another origin sent it';
}

/** A service worker would go on showing what it kept when the share is long over. */
export const wantsServiceWorker = (headers: Readonly<Record<string, string>>): boolean =>
  headers['service-worker'] !== undefined || headers['sec-fetch-dest'] === 'serviceworker';
