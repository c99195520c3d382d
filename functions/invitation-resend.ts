import { instant } from '../shared/clock.ts';
import { invitationResendSchema } from '../shared/shares/share-request.ts';
import { shareView, shareViewSchema } from '../shared/shares/share-view.ts';
import { http, type Handler } from './trigger/endpoint.ts';
import { jsonAnswer, jsonBody, systemOperation } from './trigger/operation.ts';
import { readJson } from './trigger/request-body.ts';
import { json } from './trigger/responses.ts';
import { systemShareOf } from './trigger/system-bearer.ts';

/** Sends the invitation of one recipient again. */
export const invitationResend: Handler = async (services, request) => {
  const { share, system, actor } = await systemShareOf(services, request);
  const { email } = await readJson(request, invitationResendSchema);
  await services.shares.resendInvitation(share, actor, email);
  await services.invitations.deliver(share.id);
  const updated = await services.shares.ofSystem(system.id, share.id);
  return json(200, shareView(updated, services.site, instant(services.clock.now())));
};

http('invitation-resend', {
  methods: ['POST'],
  route: 'api/shares/{shareId}/invitations',
  handler: invitationResend,
  operations: [
    systemOperation({
      id: 'resendInvitation',
      tag: 'shares',
      method: 'POST',
      path: '/api/shares/{shareId}/invitations',
      summary: 'Send the invitation of one recipient again',
      body: jsonBody('InvitationResend', invitationResendSchema),
      answers: { 200: jsonAnswer('The share.', 'Share', shareViewSchema) },
      errors: [409],
    }),
  ],
});
