import { checkedLink } from './email-blocks.ts';
import { emailContent } from './email-content.ts';
import type { EmailContent } from './email-sender.ts';
import { oneLine } from './plain-words.ts';

export interface SharesHeld {
  readonly systemName: string;
  readonly organizationName: string;
  /** Shares that wait for an answer. */
  readonly shares: number;
  /** The system's page in the portal. */
  readonly link: string;
}

/** Asks an owner about what came back from a backup. @throws TypeError unless the link is a web address */
export function sharesHeldEmail(event: SharesHeld): EmailContent {
  const system = oneLine(event.systemName, 80);
  const link = checkedLink(event.link);
  return emailContent(
    `Please confirm the shares of ${system}`,
    'Shares came back from a backup',
    new URL(link).origin,
    [
      {
        kind: 'paragraph',
        words: `We had to restore ${system} from a backup. If you stopped a share, removed a person or disconnected the system just before, we may not know of it. So nobody can open these shares until you confirm them.`,
      },
      {
        kind: 'facts',
        facts: [
          ['System', system],
          ['Organization', oneLine(event.organizationName, 80)],
          ['Shares that wait', String(event.shares)],
        ],
      },
      {
        kind: 'paragraph',
        words: 'Look at who may see what, stop what should not be shared any more, and confirm the rest.',
      },
      { kind: 'action', label: 'Look and confirm', link },
    ],
  );
}
