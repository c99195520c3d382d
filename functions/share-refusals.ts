import { z } from 'zod';
import { refusedCallSchema } from '../shared/shares/refused-calls.ts';
import { http, type Handler } from './trigger/endpoint.ts';
import { jsonAnswer, systemOperation } from './trigger/operation.ts';
import { json } from './trigger/responses.ts';
import { systemShareOf } from './trigger/system-bearer.ts';

const answerSchema = z.object({ calls: z.array(refusedCallSchema).readonly() });

/** The calls that a share refused, and why, for its gateway. */
export const shareRefusals: Handler = async (services, request) => {
  const { share } = await systemShareOf(services, request);
  const answer: z.infer<typeof answerSchema> = { calls: await services.refusedCalls.of(share.id) };
  return json(200, answer);
};

http('share-refusals', {
  methods: ['GET'],
  route: 'api/shares/{shareId}/refusals',
  handler: shareRefusals,
  operations: [
    systemOperation({
      id: 'listRefusals',
      tag: 'shares',
      method: 'GET',
      path: '/api/shares/{shareId}/refusals',
      summary: 'The calls that a share refused in the last 30 days, newest first, 50 at most',
      description: 'Admit one with a new `allowlist` of the share: those that it admits leave this list.',
      answers: { 200: jsonAnswer('The calls.', 'RefusedCalls', answerSchema) },
    }),
  ],
});
