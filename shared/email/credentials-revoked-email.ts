import { checkedLink } from './email-blocks.ts';
import { emailContent } from './email-content.ts';
import type { EmailContent } from './email-sender.ts';
import { oneLine } from './plain-words.ts';

export interface CredentialsRevoked {
  readonly systemName: string;
  readonly gatewayName: string;
  /** Why, as a sentence for an owner: "One of its refresh keys was used twice." */
  readonly reason: string;
  /** The system's page in the portal. */
  readonly link: string;
}

/** Tells owners that a gateway was shut out. @throws TypeError unless the link is a web address */
export function credentialsRevokedEmail(event: CredentialsRevoked): EmailContent {
  const system = oneLine(event.systemName, 80);
  const gateway = oneLine(event.gatewayName, 80);
  const link = checkedLink(event.link);
  return emailContent(`A gateway of ${system} was shut out`, 'A gateway was shut out', new URL(link).origin, [
    {
      kind: 'paragraph',
      words: `The credentials of gateway ${gateway} were revoked and its tunnel was cut. Dashboards that it serves cannot be opened until it is approved again.`,
    },
    {
      kind: 'facts',
      facts: [
        ['System', system],
        ['Gateway', gateway],
        ['Reason', oneLine(event.reason, 300)],
      ],
    },
    {
      kind: 'paragraph',
      words:
        'The gateway now asks for approval by itself. Approve it if you know why this happened, for example because its machine was restored or copied. Otherwise have someone look at the machine first.',
    },
    { kind: 'action', label: 'Look at the system', link },
  ]);
}
