import type { Instant } from '../clock.ts';
import { utcText } from '../pages/utc-text.ts';
import { checkedLink } from './email-blocks.ts';
import { emailContent } from './email-content.ts';
import type { EmailContent } from './email-sender.ts';
import { oneLine } from './plain-words.ts';

export interface SystemDisconnected {
  readonly systemName: string;
  readonly organizationName: string;
  /** Who did it, in words: an address, or "its own console". */
  readonly by: string;
  readonly at: Instant;
  /** How many shares ended with it. */
  readonly sharesEnded: number;
  /** The organization's page in the portal. */
  readonly link: string;
}

/** Tells owners that a system is gone. @throws TypeError unless the link is a web address */
export function systemDisconnectedEmail(event: SystemDisconnected): EmailContent {
  const system = oneLine(event.systemName, 80);
  const link = checkedLink(event.link);
  return emailContent(`${system} was disconnected`, 'A system was disconnected', new URL(link).origin, [
    {
      kind: 'paragraph',
      words: `${system} is no longer connected. Its credentials are void, its shares have ended and their links are dead. Nothing changed on the system itself.`,
    },
    {
      kind: 'facts',
      facts: [
        ['System', system],
        ['Organization', oneLine(event.organizationName, 80)],
        ['Disconnected by', oneLine(event.by, 300)],
        ['When', utcText(event.at)],
        ['Shares ended', String(event.sharesEnded)],
      ],
    },
    { kind: 'paragraph', words: 'To use it again, connect it from its gateway as a new system.' },
    { kind: 'action', label: 'Open the organization', link },
  ]);
}
