import { createHash } from 'node:crypto';
import type { SendMailOptions } from 'nodemailer';
import { emailDomain } from './email-address.ts';
import type { EmailFrom } from './email-from.ts';
import type { EmailMessage } from './email-sender.ts';
import { oneLine } from './plain-words.ts';

/** The same for the same operation, 32 hexadecimal digits, safe as a file name. @throws TypeError if it is malformed */
export function emailOperationHash(operationId: string): string {
  if (!/^[!-~]{1,200}$/.test(operationId)) throw new TypeError('malformed operation id');
  return createHash('sha256').update(operationId).digest('hex').slice(0, 32);
}

/**
 * A message as nodemailer takes it. Message-ID (RFC 5322 section 3.6.4) and boundaries follow from the operation
 * id, so that a repeated message is recognised as the same one by mail servers that look.
 *
 * @param date the present, when absent
 * @throws TypeError on a malformed operation id
 */
export function composeEmail(message: EmailMessage, from: EmailFrom, date?: Date): SendMailOptions {
  const hash = emailOperationHash(message.operationId);
  return {
    from: { name: oneLine(from.name, 80), address: from.address },
    to: { name: '', address: message.to },
    ...(message.replyTo === undefined ? {} : { replyTo: { name: '', address: message.replyTo } }),
    subject: oneLine(message.subject, 200),
    text: message.text,
    html: message.html,
    ...(date && { date }),
    messageId: `<${hash}@${emailDomain(from.address)}>`,
    baseBoundary: hash,
    // RFC 3834 section 5: keeps out-of-office replies away.
    headers: { 'Auto-Submitted': 'auto-generated' },
    xMailer: false,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}
