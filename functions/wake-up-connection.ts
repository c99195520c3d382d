import { z } from 'zod';
import { Problem } from '../shared/problem.ts';
import { instantSchema } from '../shared/store/document-fields.ts';
import { WakeUpUnavailable } from '../shared/wake-up/wake-up.ts';
import { http, type Handler } from './trigger/endpoint.ts';
import { jsonAnswer, systemOperation } from './trigger/operation.ts';
import { json } from './trigger/responses.ts';
import { systemOf } from './trigger/system-bearer.ts';

const connectionSchema = z.object({
  url: z.string().describe('`wss://` address with an access token in it.'),
  expiresAt: instantSchema,
});

/** A gateway asks where it can be woken. */
export const wakeUpConnection: Handler = async (services, request) => {
  const { system, gateway } = await systemOf(services, request);
  if (!services.wakeUp) throw new Problem('not-found', 'This service wakes nobody: poll.');
  try {
    const answer: z.infer<typeof connectionSchema> = await services.wakeUp.connection(system.id, gateway.id);
    return json(200, answer);
  } catch (error) {
    if (!(error instanceof WakeUpUnavailable)) throw error;
    throw new Problem('unavailable', 'Nobody can be woken just now. Please try again.', { retryAfter: 15 });
  }
};

http('wake-up-connection', {
  methods: ['POST'],
  route: 'api/wake-up/connection',
  handler: wakeUpConnection,
  operations: [
    systemOperation({
      id: 'openWakeUp',
      tag: 'system',
      method: 'POST',
      path: '/api/wake-up/connection',
      summary: 'Where the gateway holds the connection on which it is woken',
      description: 'The protocol is json.webpubsub.azure.v1. 404 where the service has no wake-ups.',
      answers: { 200: jsonAnswer('An address of Azure Web PubSub.', 'WakeUpConnection', connectionSchema) },
      errors: [404],
    }),
  ],
});
