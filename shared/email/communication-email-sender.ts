import type { EmailClient } from '@azure/communication-email';
import { setTimeout as pause } from 'node:timers/promises';
import { second } from '../clock.ts';
import {
  longestSending,
  managedIdentity,
  retryOptions,
  type CommunicationOptions,
} from '../communication/communication-client.ts';
import { communicationOutcome } from '../communication/communication-outcome.ts';
import { operationUuid } from '../communication/operation-uuid.ts';
import { emailOperationHash } from './email-compose.ts';
import { parseEmailFrom } from './email-from.ts';
import type { EmailMessage, EmailOutcome, EmailSender } from './email-sender.ts';
import { oneLine } from './plain-words.ts';

/** As the client names it: the one that it was made for. */
const apiVersion = '2025-09-01';
/** After this the provider has the mail, although it does not say yet what became of it. */
const longestWatch = 8 * second;
const between = 500;

export interface CommunicationEmailOptions extends CommunicationOptions {
  /** `MAIL_FROM`: its address must be a sender of the linked domain. The name is set with the sender, in Azure. */
  readonly from: string;
}

/**
 * Sends by Azure Communication Services, as the managed identity.
 *
 * A mail's operation has an id that follows from ours. Before a mail is sent, the service is asked for that operation,
 * so that a retry after a lost answer, also from another process, sends no second one.
 *
 * @throws TypeError if `from` is no sender
 */
export function createCommunicationEmailSender(options: CommunicationEmailOptions): EmailSender {
  const { endpoint, clientId } = options;
  const { address } = parseEmailFrom(options.from);
  let opened: Promise<EmailClient> | undefined;

  const client = () => {
    opened ??= open().catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };

  async function open(): Promise<EmailClient> {
    const { EmailClient: Client } = await import('@azure/communication-email');
    return new Client(endpoint, await managedIdentity(clientId), { retryOptions });
  }

  /** What became of an operation; undefined where there is none. */
  async function earlier(id: string, signal: AbortSignal): Promise<EmailOutcome | undefined> {
    const operationLocation = `${endpoint}/emails/operations/${id}?api-version=${apiVersion}`;
    const config = { metadata: { mode: 'OperationLocation' }, operationLocation };
    const resumeFrom = JSON.stringify({ state: { status: 'running', config } });
    try {
      return await watch(resumeFrom, signal);
    } catch (error) {
      if ((error as { statusCode?: unknown }).statusCode === 404) return undefined;
      throw error;
    }
  }

  /** Follows an operation that was begun. */
  async function watch(resumeFrom: string, abortSignal: AbortSignal): Promise<EmailOutcome> {
    const poller = await (await client()).beginSend(empty, { resumeFrom, abortSignal });
    return watched(poller, abortSignal);
  }

  async function begin(id: string, message: EmailMessage, abortSignal: AbortSignal): Promise<EmailOutcome> {
    const mail: Mail = {
      senderAddress: address,
      content: { subject: oneLine(message.subject, 200), plainText: message.text, html: message.html },
      recipients: { to: [{ address: message.to }] },
      ...(message.replyTo !== undefined && { replyTo: [{ address: message.replyTo }] }),
      // RFC 3834 section 5: keeps out-of-office replies away.
      headers: { 'Auto-Submitted': 'auto-generated' },
      disableUserEngagementTracking: true,
    };
    const poller = await (await client()).beginSend(mail, { operationId: id, abortSignal });
    return watched(poller, abortSignal);
  }

  return {
    async send(message) {
      emailOperationHash(message.operationId);
      const id = operationUuid(message.operationId);
      const signal = AbortSignal.timeout(longestSending);
      try {
        return (await earlier(id, signal)) ?? (await begin(id, message, signal));
      } catch (error) {
        const code = failureCode(error);
        return communicationOutcome(code === undefined ? error : { code });
      }
    },
  };
}

type Mail = Parameters<EmailClient['beginSend']>[0];
type Poller = Awaited<ReturnType<EmailClient['beginSend']>>;

/** The client has the code of a failed operation in its words only. */
const failureCode = (error: unknown): string | undefined =>
  error instanceof Error
    ? /^The long-running operation has failed\. (\w+)\./.exec(error.message)?.[1]
    : undefined;

async function watched(poller: Poller, signal: AbortSignal): Promise<EmailOutcome> {
  for (let waited = 0; !poller.isDone() && waited < longestWatch; waited += between) {
    await pause(between, undefined, { signal });
    await poller.poll({ abortSignal: signal });
  }
  return poller.getOperationState().status === 'canceled'
    ? communicationOutcome({ code: 'Canceled' })
    : { status: 'sent' };
}

/** Is not sent: only what came of an earlier one is asked for. */
const empty = {
  senderAddress: '',
  content: { subject: '', plainText: '' },
  recipients: {},
};
