import type { EmailMessage, EmailSender } from '../../shared/email/email-sender.ts';
import { message } from '../unit/email/email-samples.ts';

export interface EmailSenderUnderTest {
  readonly sender: EmailSender;
  /** The subjects that arrived, in any order. */
  arrived(): Promise<readonly string[]>;
  /** Nothing can be sent from now on. */
  breakDown(): Promise<void>;
  dispose(): Promise<void>;
}

/** What every adapter of the EmailSender port must do. `open` gives one that has sent nothing. */
export function emailSenderContract(name: string, open: () => Promise<EmailSenderUnderTest>): void {
  describe(`${name} as a sender of e-mails`, () => {
    let subject: EmailSenderUnderTest;
    beforeEach(async () => {
      subject = await open();
    });
    afterEach(() => subject.dispose());
    const send = (each: EmailMessage) => subject.sender.send(each);
    const named = (operationId: string) => message(operationId, { subject: operationId });

    it('delivers', async () => {
      expect(await send(named('invitation-1'))).toEqual({ status: 'sent' });
      expect(await subject.arrived()).toEqual(['invitation-1']);
    });

    it('delivers once what is asked for again under the same name, and each name by itself', async () => {
      for (const operationId of ['one', 'two', 'one', 'two', 'one']) {
        expect(await send(named(operationId))).toEqual({ status: 'sent' });
      }
      expect([...(await subject.arrived())].sort()).toEqual(['one', 'two']);
    });

    it.each(['', 'two words', 'línea', 'x'.repeat(201)])('refuses the operation id %j', async (wrong) => {
      await expect(send(message(wrong))).rejects.toThrow(TypeError);
      expect(await subject.arrived()).toEqual([]);
    });

    it('says that the mail waits, and not to whom, when nothing can be sent', async () => {
      await subject.breakDown();
      const outcome = await send(message('operation-1'));
      expect(outcome).toMatchObject({ status: 'deferred' });
      expect(JSON.stringify(outcome)).not.toContain('ann');
    });
  });
}
