import { createHash } from 'node:crypto';
import { markPath } from './mark-path.ts';
import { portalCss, portalCssPath } from './portal-css.ts';

export interface PortalAsset {
  readonly contentType: string;
  readonly body: string;
}

/** The mark as a file, for the browser's tab; it cannot take the page's colour, so it carries one for each mode. */
const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#0b5c6b" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round"><style>@media (prefers-color-scheme: dark) { svg { stroke: #76cfdf } }</style><path d="${markPath}"/></svg>`;

export const portalIconPath = `/assets/drawbridge.${createHash('sha256').update(icon).digest('hex').slice(0, 16)}.svg`;

/** For files whose name holds their hash (RFC 9111 section 5.2.2, RFC 8246). */
export const assetCacheControl = 'public, max-age=31536000, immutable';

const assets: ReadonlyMap<string, PortalAsset> = new Map([
  [portalCssPath, { contentType: 'text/css; charset=utf-8', body: portalCss }],
  [portalIconPath, { contentType: 'image/svg+xml', body: icon }],
]);

/** What the pages load, by its path. */
export const findPortalAsset = (path: string): PortalAsset | undefined => assets.get(path);
