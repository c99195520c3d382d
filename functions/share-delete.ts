import { http, type Handler } from './trigger/endpoint.ts';
import { noContent } from './trigger/responses.ts';
import { systemShareOf } from './trigger/system-bearer.ts';

export const shareDelete: Handler = async (services, request) => {
  const { share, actor } = await systemShareOf(services, request);
  await services.shares.remove(share, actor);
  return noContent;
};

http('share-delete', { methods: ['DELETE'], route: 'api/shares/{shareId}', handler: shareDelete });
