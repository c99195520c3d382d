import { http, type Handler } from './trigger/endpoint.ts';
import { systemOperation } from './trigger/operation.ts';
import { noContent } from './trigger/responses.ts';
import { systemOf } from './trigger/system-bearer.ts';

/** A system disconnects itself: its tokens and shares end. */
export const systemDisconnect: Handler = async (services, request) => {
  const { system, actor } = await systemOf(services, request);
  await services.systems.disconnect(system, actor);
  return noContent;
};

http('system-disconnect', {
  methods: ['DELETE'],
  route: 'api/system',
  handler: systemDisconnect,
  operations: [
    systemOperation({
      id: 'disconnectSystem',
      tag: 'system',
      method: 'DELETE',
      path: '/api/system',
      summary: 'Disconnect the system: its tokens and shares end',
      answers: { 204: { description: 'The system is disconnected.' } },
    }),
  ],
});
