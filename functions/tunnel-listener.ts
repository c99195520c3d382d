import { http, type Handler } from './trigger/endpoint.ts';
import { json } from './trigger/responses.ts';
import { systemOf } from './trigger/system-bearer.ts';

/** A gateway asks for the right to listen on the hybrid connection of its system, for one hour. */
export const tunnelListener: Handler = async (services, request) => {
  const { system } = await systemOf(services, request);
  return json(200, await services.listenerTokens(system.id));
};

http('tunnel-listener', { methods: ['POST'], route: 'api/tunnel/listener', handler: tunnelListener });
