import { z } from 'zod';
import { instantSchema } from '../shared/store/document-fields.ts';
import { http, type Handler } from './trigger/endpoint.ts';
import { jsonAnswer, systemOperation } from './trigger/operation.ts';
import { json } from './trigger/responses.ts';
import { systemOf } from './trigger/system-bearer.ts';

const gatewayListSchema = z.object({
  gateways: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      state: z.enum(['active', 'revoked', 'disconnected', 'removed']),
      self: z.boolean().describe('Whether it is the one that asks.'),
      createdAt: instantSchema,
      renewedAt: z.exactOptional(instantSchema),
      seenAt: z.exactOptional(instantSchema),
      seenFrom: z.exactOptional(z.string()).describe('Network address.'),
    }),
  ),
});

/** The gateways of a system, as one of them sees them. */
export const gatewayList: Handler = async (services, request) => {
  const { system, gateway: asking } = await systemOf(services, request);
  const gateways = await services.systems.gatewaysOf(system.id);
  const answer: z.infer<typeof gatewayListSchema> = {
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
  };
  return json(200, answer);
};

http('gateway-list', {
  methods: ['GET'],
  route: 'api/system/gateways',
  handler: gatewayList,
  operations: [
    systemOperation({
      id: 'listGateways',
      tag: 'system',
      method: 'GET',
      path: '/api/system/gateways',
      summary: 'The gateways of the system',
      answers: { 200: jsonAnswer('Its gateways, oldest first.', 'GatewayList', gatewayListSchema) },
    }),
  ],
});
