import { type Clock, instant } from '../clock.ts';
import { composeEmail, emailOperationHash } from './email-compose.ts';
import { type EmailFrom, parseEmailFrom } from './email-from.ts';
import type { EmailMessage, EmailOutcome, EmailSender } from './email-sender.ts';
import { errnoCode } from './errno-code.ts';
import { putMail, type MailboxMessage } from './mailbox-folder.ts';

export interface MailboxOptions {
  /** Made when the first mail is sent. Mails hold sign-in codes: only this user may read it. */
  readonly folder: string;
  /** As in `Drawbridge <no-reply@example.com>`. */
  readonly from: string;
  readonly clock: Clock;
}

/**
 * Puts each mail into a folder: `{id}.eml` for mail programs and `{id}.json` for us. The id follows from the
 * operation id, and a mail is there once its JSON is: that name is claimed in one step, so that several
 * processes, or a process killed half way, leave one mail.
 *
 * @throws TypeError if `from` is no sender
 */
export function createMailboxEmailSender({ folder, from: sender, clock }: MailboxOptions): EmailSender {
  const from = parseEmailFrom(sender);
  return { send };

  async function send(message: EmailMessage): Promise<EmailOutcome> {
    const id = emailOperationHash(message.operationId);
    try {
      await put(id, message);
      return { status: 'sent' };
    } catch (error) {
      // A full disk may be emptied; anything else here is for the operator to repair, too.
      return { status: 'deferred', reason: `mailbox folder: ${errnoCode(error) ?? 'unexpected error'}` };
    }
  }

  async function put(id: string, message: EmailMessage): Promise<void> {
    const now = clock.now();
    const date = new Date(now);
    const mail: MailboxMessage = {
      id,
      to: message.to,
      subject: message.subject,
      text: message.text,
      html: message.html,
      date: instant(now),
    };
    await putMail(folder, mail, () => composed(message, from, date));
  }
}

async function composed(message: EmailMessage, from: EmailFrom, date: Date): Promise<Buffer> {
  const { createTransport } = await import('nodemailer');
  const transport = createTransport({ streamTransport: true, buffer: true, newline: 'windows' });
  const { message: eml } = await transport.sendMail(composeEmail(message, from, date));
  if (!Buffer.isBuffer(eml)) throw new TypeError('the composer gave a stream');
  return eml;
}
