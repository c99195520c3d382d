import { instant, type Clock } from '../clock.ts';
import { emailOperationHash } from '../email/email-compose.ts';
import { errnoCode } from '../email/errno-code.ts';
import { putMail } from '../email/mailbox-folder.ts';
import type { SmsSender } from './sms-sender.ts';

/** Puts each message into the mailbox of the one-machine runtime, beside the e-mails. */
export const createMailboxSmsSender = ({ folder, clock }: { folder: string; clock: Clock }): SmsSender => ({
  async send({ operationId, to, text }) {
    const id = emailOperationHash(operationId);
    try {
      await putMail(folder, { id, to, subject: 'SMS', text, html: '', date: instant(clock.now()) });
      return { status: 'sent' };
    } catch (error) {
      return { status: 'deferred', reason: `mailbox folder: ${errnoCode(error) ?? 'unexpected error'}` };
    }
  },
});
