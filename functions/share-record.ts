import { http, type Handler } from './trigger/endpoint.ts';
import { json } from './trigger/responses.ts';
import { systemShareOf } from './trigger/system-bearer.ts';

/** What another gateway of the system needs to serve a share. */
export const shareRecord: Handler = async (services, request) => {
  const { share } = await systemShareOf(services, request);
  return json(200, await services.shares.record(share));
};

http('share-record', { methods: ['GET'], route: 'api/shares/{shareId}/record', handler: shareRecord });
