import type { EmailAddress } from './email-address.ts';

/** What the templates give. The text and the HTML say the same. */
export interface EmailContent {
  /** At most 200 characters. Line breaks and other control characters are taken out before it is sent. */
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

export interface EmailMessage extends EmailContent {
  /**
   * Names this one sending, 1 to 200 printable ASCII characters without spaces. Sending again under the same
   * name, also from another process, delivers no second mail, so that a lost answer can be retried. (SMTP cannot
   * promise that; there the repeated mail is marked as the same one.)
   */
  readonly operationId: string;
  readonly to: EmailAddress;
  readonly replyTo?: EmailAddress;
}

export type EmailOutcome =
  /** The provider has it, from this attempt or an earlier one. */
  | { readonly status: 'sent' }
  /** Try again later with the same operation id. The reason is for the log and holds no address. */
  | { readonly status: 'deferred'; readonly reason: string }
  /** Trying again is no use. The reason is for the log and holds no address. */
  | { readonly status: 'rejected'; readonly reason: string };

/** Sends one e-mail to one person. */
export interface EmailSender {
  /** Never throws for what the network or the provider does. @throws TypeError on a malformed operation id */
  send(message: EmailMessage): Promise<EmailOutcome>;
}
