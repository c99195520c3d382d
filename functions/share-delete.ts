import { http, type Handler } from './trigger/endpoint.ts';
import { systemOperation } from './trigger/operation.ts';
import { noContent } from './trigger/responses.ts';
import { systemShareOf } from './trigger/system-bearer.ts';

export const shareDelete: Handler = async (services, request) => {
  const { share, actor } = await systemShareOf(services, request);
  await services.shares.remove(share, actor);
  return noContent;
};

http('share-delete', {
  methods: ['DELETE'],
  route: 'api/shares/{shareId}',
  handler: shareDelete,
  operations: [
    systemOperation({
      id: 'endShare',
      tag: 'shares',
      method: 'DELETE',
      path: '/api/shares/{shareId}',
      summary: 'End a share',
      description:
        'From the answer on nobody sees the dashboard. The share stays listed as ended, without its recipients; ' +
        'ending it again changes nothing.',
      answers: { 204: { description: 'The share has ended.' } },
    }),
  ],
});
