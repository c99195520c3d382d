import { checkedLink } from './email-blocks.ts';
import { emailContent } from './email-content.ts';
import type { EmailContent } from './email-sender.ts';
import { oneLine } from './plain-words.ts';

export interface PasswordLink {
  /** Holds the secret. Opening it changes nothing: mail scanners do so too. */
  readonly link: string;
  /** The network address of the browser that asked. */
  readonly requestedFrom: string;
}

/** The same for whoever has a password, forgot it, or never had one. @throws TypeError unless the link is a web address */
export function passwordLinkEmail({ link, requestedFrom }: PasswordLink): EmailContent {
  const checked = checkedLink(link);
  return emailContent('Choose your Drawbridge password', 'Choose your password', new URL(checked).origin, [
    { kind: 'paragraph', words: 'Open this link to choose a password, or another one if you forgot yours.' },
    { kind: 'action', label: 'Choose a password', link: checked },
    { kind: 'paragraph', words: 'It works once, for 30 minutes.' },
    { kind: 'facts', facts: [['Asked for from', oneLine(requestedFrom, 100)]] },
    {
      kind: 'note',
      words:
        'If you did not ask for it, you need do nothing: nothing changes until a password is chosen here.',
    },
  ]);
}
