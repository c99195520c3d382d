import type { SmsClient } from '@azure/communication-sms';
import {
  longestSending,
  managedIdentity,
  retryOptions,
  type CommunicationOptions,
} from '../communication/communication-client.ts';
import { communicationOutcome } from '../communication/communication-outcome.ts';
import { operationUuid } from '../communication/operation-uuid.ts';
import { emailOperationHash } from '../email/email-compose.ts';
import type { SmsOutcome, SmsSender } from './sms-sender.ts';

export interface CommunicationSmsOptions extends CommunicationOptions {
  /** `SMS_FROM`: a number of the resource, E.164. */
  readonly from: string;
}

interface SmsBody {
  readonly smsRecipients: readonly object[];
}

/** Of the answers about one recipient: these may pass. */
const passing = new Set([408, 429, 500, 502, 503, 504]);

/**
 * Sends by Azure Communication Services, as the managed identity. A repeated sending carries the id of the first, by
 * which the service leaves it out for as long as it remembers (Repeatable Requests 1.0: five minutes there).
 */
export function createCommunicationSmsSender({
  endpoint,
  clientId,
  from,
}: CommunicationSmsOptions): SmsSender {
  /** The client makes up an id for each request; ours says that it is the same one. */
  async function open(id: string): Promise<SmsClient> {
    const { SmsClient: Client } = await import('@azure/communication-sms');
    return new Client(endpoint, await managedIdentity(clientId), {
      retryOptions,
      additionalPolicies: [
        {
          position: 'perCall',
          policy: {
            name: 'repeatability',
            sendRequest(request, next) {
              if (typeof request.body === 'string') {
                const body = JSON.parse(request.body) as SmsBody;
                const smsRecipients = body.smsRecipients.map((each) => ({
                  ...each,
                  repeatabilityRequestId: id,
                }));
                request.body = JSON.stringify({ ...body, smsRecipients });
              }
              return next(request);
            },
          },
        },
      ],
    });
  }

  return {
    async send({ operationId, to, text }): Promise<SmsOutcome> {
      emailOperationHash(operationId);
      try {
        const client = await open(operationUuid(operationId));
        const abortSignal = AbortSignal.timeout(longestSending);
        const [result] = await client.send({ from, to: [to], message: text }, { abortSignal });
        if (result?.successful === true) return { status: 'sent' };
        const status = result?.httpStatusCode ?? 0;
        const final = status >= 400 && status < 500 && !passing.has(status);
        return { status: final ? 'rejected' : 'deferred', reason: `communication: recipient ${status}` };
      } catch (error) {
        return communicationOutcome(error);
      }
    },
  };
}
