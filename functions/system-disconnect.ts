import { http, type Handler } from './trigger/endpoint.ts';
import { noContent } from './trigger/responses.ts';
import { systemOf } from './trigger/system-bearer.ts';

/** A system disconnects itself: its tokens and shares end. */
export const systemDisconnect: Handler = async (services, request) => {
  const { system, actor } = await systemOf(services, request);
  await services.systems.disconnect(system, actor);
  return noContent;
};

http('system-disconnect', { methods: ['DELETE'], route: 'api/system', handler: systemDisconnect });
