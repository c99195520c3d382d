import { z } from 'zod';
import { instant } from '../shared/clock.ts';
import { shareView, shareViewSchema } from '../shared/shares/share-view.ts';
import { http, type Handler } from './trigger/endpoint.ts';
import { jsonAnswer, systemOperation } from './trigger/operation.ts';
import { parseFields } from './trigger/request-body.ts';
import { json } from './trigger/responses.ts';
import { systemOf } from './trigger/system-bearer.ts';

const querySchema = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(50),
  continuation: z.string().max(2000).optional(),
});

const sharesSchema = z.object({
  shares: z.array(shareViewSchema),
  continuation: z.exactOptional(z.string()).describe('Send it to get the next page; absent on the last one.'),
});

export const shareList: Handler = async (services, request) => {
  const { system } = await systemOf(services, request);
  const { limit, continuation } = parseFields(querySchema, Object.fromEntries(request.query));
  const page = await services.shares.list(system.id, limit, continuation);
  const now = instant(services.clock.now());
  const answer: z.infer<typeof sharesSchema> = {
    shares: page.items.map((share) => shareView(share, services.site, now)),
    ...(page.continuation !== undefined && { continuation: page.continuation }),
  };
  return json(200, answer);
};

http('share-list', {
  methods: ['GET'],
  route: 'api/shares',
  handler: shareList,
  operations: [
    systemOperation({
      id: 'listShares',
      tag: 'shares',
      method: 'GET',
      path: '/api/shares',
      summary: 'The shares of the system, oldest first',
      query: querySchema,
      answers: { 200: jsonAnswer('A page of the list.', 'Shares', sharesSchema) },
    }),
  ],
});
