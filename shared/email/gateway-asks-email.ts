import { checkedLink } from './email-blocks.ts';
import { emailContent } from './email-content.ts';
import type { EmailContent } from './email-sender.ts';
import { oneLine } from './plain-words.ts';

export interface GatewayAsks {
  readonly systemName: string;
  readonly gatewayName: string;
  /** Why, as a sentence. */
  readonly reason: string;
  /** Network address. */
  readonly from: string;
  /** The system's page in the portal. */
  readonly link: string;
}

/** Tells those who may decide that a gateway asks to be approved again. @throws TypeError unless the link is a web address */
export function gatewayAsksEmail(event: GatewayAsks): EmailContent {
  const system = oneLine(event.systemName, 80);
  const gateway = oneLine(event.gatewayName, 80);
  const link = checkedLink(event.link);
  return emailContent(
    `A gateway of ${system} asks to be connected again`,
    'A gateway asks to be connected again',
    new URL(link).origin,
    [
      {
        kind: 'paragraph',
        words: `Gateway ${gateway} can no longer renew its credentials by itself. Its system and shares are still there; an owner or admin only has to approve it in the portal. Nobody needs to go there.`,
      },
      {
        kind: 'facts',
        facts: [
          ['System', system],
          ['Gateway', gateway],
          ['Reason', oneLine(event.reason, 300)],
          ['Asks from', oneLine(event.from, 100)],
        ],
      },
      {
        kind: 'paragraph',
        words:
          'The portal shows the code that the console of the gateway shows, too. It goes on asking until somebody decides; this is the only e-mail about it.',
      },
      { kind: 'action', label: 'See the request', link },
    ],
  );
}
