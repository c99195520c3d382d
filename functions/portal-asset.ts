import { assetCacheControl, findPortalAsset } from '../shared/pages/portal-assets.ts';
import { Problem } from '../shared/problem.ts';
import { http, type Handler } from './trigger/endpoint.ts';

/** The few files that pages load; each name changes with its content. */
export const portalAsset: Handler = async (_services, request) => {
  const asset = findPortalAsset(`/assets/${request.params.file ?? ''}`);
  if (!asset) throw new Problem('not-found', 'There is no such file.');
  return {
    headers: {
      'content-type': asset.contentType,
      'cache-control': assetCacheControl,
      'x-content-type-options': 'nosniff',
    },
    body: asset.body,
  };
};

http('portal-asset', { methods: ['GET'], route: 'assets/{file}', handler: portalAsset });
