import { instant } from '../shared/clock.ts';
import { shareUpdateSchema } from '../shared/shares/share-request.ts';
import { shareView, shareViewSchema } from '../shared/shares/share-view.ts';
import { http, type Handler } from './trigger/endpoint.ts';
import { jsonAnswer, jsonBody, systemOperation } from './trigger/operation.ts';
import { mostShareBytes, readJson } from './trigger/request-body.ts';
import { json } from './trigger/responses.ts';
import { systemShareOf } from './trigger/system-bearer.ts';

export const shareUpdate: Handler = async (services, request) => {
  const { share, system, actor } = await systemShareOf(services, request);
  await services.shares.update(share, actor, await readJson(request, shareUpdateSchema, mostShareBytes));
  await services.invitations.deliver(share.id);
  const updated = await services.shares.ofSystem(system.id, share.id);
  return json(200, shareView(updated, services.site, instant(services.clock.now())));
};

http('share-update', {
  methods: ['PATCH'],
  route: 'api/shares/{shareId}',
  handler: shareUpdate,
  operations: [
    systemOperation({
      id: 'updateShare',
      tag: 'shares',
      method: 'PATCH',
      path: '/api/shares/{shareId}',
      summary: 'Change recipients, message, expiry; pause or resume',
      description:
        'What is absent stays. New recipients are invited; who is no longer named loses access at once.',
      body: jsonBody('ShareUpdate', shareUpdateSchema),
      answers: { 200: jsonAnswer('The share as it is now.', 'Share', shareViewSchema) },
      errors: [403, 409],
    }),
  ],
});
