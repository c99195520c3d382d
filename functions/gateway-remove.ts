import { http, type Handler } from './trigger/endpoint.ts';
import { systemOperation } from './trigger/operation.ts';
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
  operations: [
    systemOperation({
      id: 'removeGateway',
      tag: 'system',
      method: 'DELETE',
      path: '/api/system/gateways/{gatewayId}',
      summary: 'Remove one gateway, or with `self` the one that asks',
      description: 'Its credentials are void at once. The system, its shares and its other gateways go on.',
      answers: { 204: { description: 'The gateway is removed.' } },
    }),
  ],
});
