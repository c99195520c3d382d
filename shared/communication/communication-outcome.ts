import { z } from 'zod';
import type { EmailOutcome } from '../email/email-sender.ts';

/** What Communication Services says when it is the recipient that is wrong: no retry and no operator can help. */
const finalCodes = new Set([
  'EmailDroppedAllRecipientsSuppressed',
  'EmailDropped',
  'InvalidEmailAddress',
  'InvalidRecipient',
  'Bounced',
  'Suppressed',
]);

const errorSchema = z.object({
  statusCode: z.int().optional().catch(undefined),
  code: z.string().optional().catch(undefined),
});

const word = (text: string | undefined) => (text && /^[\w.-]{1,60}$/.test(text) ? text : undefined);

/**
 * What a failure means for this message. Whatever may pass, or is for the operator to repair, waits. Reasons are made
 * of codes alone, since the service's words repeat addresses.
 */
export function communicationOutcome(error: unknown): Exclude<EmailOutcome, { status: 'sent' }> {
  const { statusCode, code } = errorSchema.catch({}).parse(error);
  const said = word(code);
  const reason = ['communication:', statusCode, said ?? (statusCode === undefined ? 'no answer' : undefined)]
    .filter((each) => each !== undefined)
    .join(' ');
  return { status: said !== undefined && finalCodes.has(said) ? 'rejected' : 'deferred', reason };
}
