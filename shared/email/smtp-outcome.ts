import { z } from 'zod';
import type { EmailOutcome } from './email-sender.ts';

/** What nodemailer attaches to its errors, as far as it matters here. */
const smtpErrorSchema = z.object({
  code: z
    .string()
    .regex(/^[A-Z_]+$/)
    .optional()
    .catch(undefined),
  command: z.string().optional().catch(undefined),
  response: z.string().optional().catch(undefined),
  responseCode: z.int().min(100).max(999).optional().catch(undefined),
});

/**
 * Only a permanent answer (RFC 5321 section 4.2.1) about this recipient or this message is final. What is wrong
 * with our own sign-in or sender address hits every mail, and the operator will repair it: those wait.
 *
 * Reasons are made of codes alone, because servers like to repeat addresses in their words.
 */
export function smtpOutcome(error: unknown): Exclude<EmailOutcome, { status: 'sent' }> {
  const { code, command, response, responseCode } = smtpErrorSchema.catch({}).parse(error);
  if (responseCode === undefined)
    return { status: 'deferred', reason: `smtp: ${code ?? 'unexpected error'}` };
  const enhanced = /^\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})\b/.exec(response ?? '')?.[1];
  const step = /^[A-Z]+(?: (?:FROM|TO))?$/.test(command ?? '') ? command : undefined;
  const reason = ['smtp:', responseCode, enhanced, step === undefined ? undefined : `at ${step}`]
    .filter((word) => word !== undefined)
    .join(' ');
  const aboutThisMail = step === 'RCPT TO' || step === 'DATA';
  // 503 is about the state of the session; 552 after RCPT counts as 452 (RFC 5321 section 4.5.3.1.10).
  const final = responseCode >= 500 && responseCode !== 503 && !(step === 'RCPT TO' && responseCode === 552);
  return { status: aboutThisMail && final ? 'rejected' : 'deferred', reason };
}
