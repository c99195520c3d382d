import type { SMTPTransportOptions } from 'nodemailer';
import { minute, second } from '../clock.ts';
import { composeEmail, emailOperationHash } from './email-compose.ts';
import { type EmailFrom, parseEmailFrom } from './email-from.ts';
import type { EmailMessage, EmailOutcome, EmailSender } from './email-sender.ts';
import { smtpOutcome } from './smtp-outcome.ts';
import { parseSmtpUrl, type SmtpServer } from './smtp-url.ts';

export interface SmtpOptions {
  /** `SMTP_URL`, see {@link parseSmtpUrl}. */
  readonly url: string;
  /** As in `Drawbridge <no-reply@example.com>`. */
  readonly from: string;
  /** PEM certificates to trust instead of the usual ones, for a server with a certificate of one's own CA. */
  readonly ca?: string;
}

/** How many operations a process remembers as sent. */
const remembered = 10_000;

/**
 * Sends by SMTP (RFC 5321), over TLS 1.2 or newer.
 *
 * SMTP has no operation ids. Within one process a repeated or concurrent sending is recognised. Otherwise, when
 * the answer to DATA was lost, a retry can deliver twice; both mails then have the same Message-ID, by which
 * most receiving servers drop the second.
 *
 * @throws TypeError, without the URL in it, if the URL or `from` cannot be used
 */
export function createSmtpEmailSender({ url, from: sender, ca }: SmtpOptions): EmailSender {
  const server = parseSmtpUrl(url);
  const from = parseEmailFrom(sender);
  const operations = new Map<string, Promise<EmailOutcome>>();
  return { send };

  async function send(message: EmailMessage): Promise<EmailOutcome> {
    const key = emailOperationHash(message.operationId);
    const earlier = operations.get(key);
    if (earlier !== undefined) return earlier;
    const outcome = attempt(message, from, transportOptions(server, ca));
    operations.set(key, outcome);
    if ((await outcome).status !== 'sent') operations.delete(key);
    for (const oldest of operations.keys()) {
      if (operations.size <= remembered) break;
      operations.delete(oldest);
    }
    return outcome;
  }
}

async function attempt(
  message: EmailMessage,
  from: EmailFrom,
  options: SMTPTransportOptions,
): Promise<EmailOutcome> {
  try {
    const { createTransport } = await import('nodemailer');
    const mail = composeEmail(message, from);
    const transport = createTransport(options);
    // The other timeouts start again with each byte; this one does not.
    await transport.sendMail({ ...mail, signal: AbortSignal.timeout(2 * minute) });
    return { status: 'sent' };
  } catch (error) {
    return smtpOutcome(error);
  }
}

const transportOptions = (server: SmtpServer, ca: string | undefined): SMTPTransportOptions => ({
  host: server.host,
  port: server.port,
  secure: server.tls === 'implicit',
  requireTLS: server.tls === 'starttls',
  ignoreTLS: server.tls === 'none',
  ...(server.auth !== undefined && { auth: { ...server.auth } }),
  tls: { minVersion: 'TLSv1.2', ...(ca !== undefined && { ca }) },
  dnsTimeout: 10 * second,
  connectionTimeout: 10 * second,
  greetingTimeout: 10 * second,
  socketTimeout: 30 * second,
  disableFileAccess: true,
  disableUrlAccess: true,
});
