import { http, type Handler } from './trigger/endpoint.ts';
import { json } from './trigger/responses.ts';
import { systemOf } from './trigger/system-bearer.ts';

/** The gateways of a system, as one of them sees them. */
export const gatewayList: Handler = async (services, request) => {
  const { system, gateway: asking } = await systemOf(services, request);
  const gateways = await services.systems.gatewaysOf(system.id);
  return json(200, {
    gateways: gateways.map(({ id, name, state, createdAt, renewedAt, seenAt, seenFrom }) => ({
      id,
      name,
      state,
      self: id === asking.id,
      createdAt,
      ...(renewedAt && { renewedAt }),
      ...(seenAt && { seenAt }),
      ...(seenFrom !== undefined && { seenFrom }),
    })),
  });
};

http('gateway-list', { methods: ['GET'], route: 'api/system/gateways', handler: gatewayList });
