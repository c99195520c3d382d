import { assetCacheControl, findPortalAsset } from '../shared/pages/portal-assets.ts';
import { Problem } from '../shared/problem.ts';
import { http, type Handler } from './trigger/endpoint.ts';
import { publicOperation } from './trigger/operation.ts';

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

http('portal-asset', {
  methods: ['GET'],
  route: 'assets/{file}',
  handler: portalAsset,
  operations: [
    publicOperation({
      id: 'readAsset',
      tag: 'portal',
      method: 'GET',
      path: '/assets/{file}',
      summary: 'A style sheet or an image of the pages',
      answers: {
        200: {
          description: 'The file.',
          content: { 'text/css': undefined, 'image/svg+xml': undefined },
        },
      },
    }),
  ],
});
