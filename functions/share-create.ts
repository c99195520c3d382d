import { z } from 'zod';
import { shareCreateSchema } from '../shared/shares/share-request.ts';
import { shareView, shareViewSchema } from '../shared/shares/share-view.ts';
import { instant } from '../shared/clock.ts';
import { Problem } from '../shared/problem.ts';
import { http, type Handler } from './trigger/endpoint.ts';
import { jsonAnswer, jsonBody, systemOperation } from './trigger/operation.ts';
import { mostShareBytes, readJson } from './trigger/request-body.ts';
import { json } from './trigger/responses.ts';
import { systemOf } from './trigger/system-bearer.ts';

const idempotencyKeySchema = z.string().regex(/^[\x21-\x7e]{16,200}$/);

function idempotencyKey(header: string | null): string | undefined {
  if (header === null) return undefined;
  if (idempotencyKeySchema.safeParse(header).success) return header;
  throw new Problem(
    'invalid-request',
    'Idempotency-Key: 16 to 200 printable characters, best a random UUID.',
  );
}

export const shareCreate: Handler = async (services, request) => {
  const { system, actor } = await systemOf(services, request);
  const wanted = await readJson(request, shareCreateSchema, mostShareBytes);
  const key = idempotencyKey(request.headers.get('idempotency-key'));
  const { share, created } = await services.shares.create(system, actor, wanted, key);
  await services.invitations.deliver(share.id);
  const current = await services.shares.ofSystem(system.id, share.id);
  return json(created ? 201 : 200, shareView(current, services.site, instant(services.clock.now())), {
    location: `/api/shares/${share.id}`,
  });
};

const share = { shareId: '$response.body#/id' };

http('share-create', {
  methods: ['POST'],
  route: 'api/shares',
  handler: shareCreate,
  operations: [
    systemOperation({
      id: 'createShare',
      tag: 'shares',
      method: 'POST',
      path: '/api/shares',
      summary: 'Share a dashboard with named people',
      description: 'Sends each recipient an invitation by e-mail.',
      headers: z.object({
        'Idempotency-Key': idempotencyKeySchema
          .optional()
          .describe('The same request under the same key makes one share only. Best a random UUID.'),
      }),
      body: jsonBody('ShareCreate', shareCreateSchema),
      answers: {
        200: jsonAnswer('The share that the same request made before.', 'Share', shareViewSchema),
        201: {
          ...jsonAnswer('The new share.', 'Share', shareViewSchema),
          headers: { Location: 'The path of the share.' },
          links: { readShare: share, updateShare: share, resendInvitation: share, endShare: share },
        },
      },
      errors: [403, 409],
    }),
  ],
});
