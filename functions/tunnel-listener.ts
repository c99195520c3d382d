import { z } from 'zod';
import { instantSchema } from '../shared/store/document-fields.ts';
import { sourceOf } from './trigger/browser.ts';
import { http, type Handler } from './trigger/endpoint.ts';
import { jsonAnswer, systemOperation } from './trigger/operation.ts';
import { json } from './trigger/responses.ts';
import { systemOf } from './trigger/system-bearer.ts';

const listenerTokenSchema = z.object({
  endpoint: z.url().describe('`wss://` origin of the relay.'),
  path: z.string().describe('The hybrid connection.'),
  token: z.string(),
  expiresAt: instantSchema,
});

/** A gateway asks for the right to listen on the hybrid connection of its system, for one hour. */
export const tunnelListener: Handler = async (services, request) => {
  const { system, gateway } = await systemOf(services, request);
  await services.credentials.noteSeen(gateway, sourceOf(request));
  const answer: z.infer<typeof listenerTokenSchema> = await services.listenerTokens(system.id);
  return json(200, answer);
};

http('tunnel-listener', {
  methods: ['POST'],
  route: 'api/tunnel/listener',
  handler: tunnelListener,
  operations: [
    systemOperation({
      id: 'grantListener',
      tag: 'system',
      method: 'POST',
      path: '/api/tunnel/listener',
      summary: 'The right to listen on the hybrid connection of the system, for one hour',
      answers: { 200: jsonAnswer('A listener token of Azure Relay.', 'ListenerToken', listenerTokenSchema) },
    }),
  ],
});
