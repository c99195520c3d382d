import { http, type Handler } from './trigger/endpoint.ts';
import { noContent } from './trigger/responses.ts';
import { systemOf } from './trigger/system-bearer.ts';

/** A gateway removes itself (`self`) or another one of its system, which goes on without it. */
export const gatewayRemove: Handler = async (services, request) => {
  const { system, gateway, actor } = await systemOf(services, request);
  const named = request.params.gatewayId ?? '';
  const id = named === 'self' ? gateway.id : named;
  await services.systems.removeGateway(system, id, actor);
  return noContent;
};

http('gateway-remove', {
  methods: ['DELETE'],
  route: 'api/system/gateways/{gatewayId}',
  handler: gatewayRemove,
});
