import { instant } from '../shared/clock.ts';
import { shareView, shareViewSchema } from '../shared/shares/share-view.ts';
import { http, type Handler } from './trigger/endpoint.ts';
import { jsonAnswer, systemOperation } from './trigger/operation.ts';
import { json } from './trigger/responses.ts';
import { systemShareOf } from './trigger/system-bearer.ts';

export const shareRead: Handler = async (services, request) => {
  const { share } = await systemShareOf(services, request);
  return json(200, shareView(share, services.site, instant(services.clock.now())));
};

http('share-read', {
  methods: ['GET'],
  route: 'api/shares/{shareId}',
  handler: shareRead,
  operations: [
    systemOperation({
      id: 'readShare',
      tag: 'shares',
      method: 'GET',
      path: '/api/shares/{shareId}',
      summary: 'One share',
      answers: { 200: jsonAnswer('The share.', 'Share', shareViewSchema) },
    }),
  ],
});
