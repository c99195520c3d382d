import type { EmailOutcome } from '../email/email-sender.ts';
import type { PhoneNumber } from './phone-number.ts';

export interface SmsMessage {
  /**
   * Names this one sending, 1 to 200 printable ASCII characters without spaces. Sending again under the same name
   * delivers no second message; Communication Services promises that for five minutes only.
   */
  readonly operationId: string;
  readonly to: PhoneNumber;
  /** At most 459 characters, which is three messages on the air (3GPP TS 23.040). */
  readonly text: string;
}

/** As of an e-mail. */
export type SmsOutcome = EmailOutcome;

/** Sends one text message to one telephone. */
export interface SmsSender {
  /** Never throws for what the network or the provider does. @throws TypeError on a malformed operation id */
  send(message: SmsMessage): Promise<SmsOutcome>;
}
