import { z } from 'zod';
import { allowlistSchema } from '../shared/allowlist/rule.ts';
import { http, type Handler } from './trigger/endpoint.ts';
import { jsonAnswer, systemOperation } from './trigger/operation.ts';
import { json } from './trigger/responses.ts';
import { systemShareOf } from './trigger/system-bearer.ts';

const answerSchema = z.object({
  id: z.string().describe('The `allowlistId` of the share.'),
  allowlist: allowlistSchema,
});

/** What a share may call, as the service enforces it; the gateway enforces its own. */
export const shareAllowlist: Handler = async (services, request) => {
  const { share } = await systemShareOf(services, request);
  const allowlist = await services.allowlistChanges.allowlistOf(share);
  const answer: z.infer<typeof answerSchema> = { id: share.allowlistId, allowlist };
  return json(200, answer);
};

http('share-allowlist', {
  methods: ['GET'],
  route: 'api/shares/{shareId}/allowlist',
  handler: shareAllowlist,
  operations: [
    systemOperation({
      id: 'readAllowlist',
      tag: 'shares',
      method: 'GET',
      path: '/api/shares/{shareId}/allowlist',
      summary: 'What a share may call, as the service enforces it',
      description:
        'It differs from what the gateway enforces while a call that was admitted in the portal waits to be ' +
        'accepted on the on-prem side.',
      answers: { 200: jsonAnswer('The allowlist.', 'ShareAllowlist', answerSchema) },
      errors: [409],
    }),
  ],
});
