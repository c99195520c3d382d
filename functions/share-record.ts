import { z } from 'zod';
import { shareViewSchema } from '../shared/shares/share-view.ts';
import { http, type Handler } from './trigger/endpoint.ts';
import { jsonAnswer, systemOperation } from './trigger/operation.ts';
import { json } from './trigger/responses.ts';
import { systemShareOf } from './trigger/system-bearer.ts';

const shareRecordSchema = shareViewSchema.pick({ dashboard: true, createdAt: true }).extend({
  sealed: z.string().optional().describe('As the gateway that made the share sealed it.'),
  allowlist: z.unknown().describe('As it was given when the share was made.'),
});

/** What another gateway of the system needs to serve a share. */
export const shareRecord: Handler = async (services, request) => {
  const { share } = await systemShareOf(services, request);
  const answer: z.infer<typeof shareRecordSchema> = await services.shares.record(share);
  return json(200, answer);
};

http('share-record', {
  methods: ['GET'],
  route: 'api/shares/{shareId}/record',
  handler: shareRecord,
  operations: [
    systemOperation({
      id: 'readShareRecord',
      tag: 'shares',
      method: 'GET',
      path: '/api/shares/{shareId}/record',
      summary: 'What another gateway of the system needs to serve a share',
      answers: { 200: jsonAnswer('The record.', 'ShareRecord', shareRecordSchema) },
    }),
  ],
});
