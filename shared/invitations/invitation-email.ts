import type { Instant } from '../clock.ts';
import { checkedLink, type EmailBlock } from '../email/email-blocks.ts';
import { emailContent } from '../email/email-content.ts';
import type { EmailContent } from '../email/email-sender.ts';
import { oneLine, severalLines } from '../email/plain-words.ts';
import { utcText } from '../pages/utc-text.ts';

export interface Invitation {
  /** A name or an address. */
  readonly sharerName: string;
  readonly organizationName: string;
  readonly systemName: string;
  readonly dashboardTitle: string;
  /** In the sharer's own words, may have several lines. */
  readonly message?: string;
  readonly expiresAt?: Instant;
  /** Holds no secret: mail scanners open links. Who opens it must sign in as the recipient. */
  readonly link: string;
  readonly portalOrigin: string;
}

/** Tells a recipient of a share. @throws TypeError unless the link is a web address */
export function invitationEmail(invitation: Invitation): EmailContent {
  const sharer = oneLine(invitation.sharerName, 80);
  const title = oneLine(invitation.dashboardTitle, 120);
  const message = severalLines(invitation.message ?? '');
  const quote: EmailBlock = { kind: 'quote', from: `${sharer} writes`, lines: message };
  return emailContent(
    `${sharer} shares “${title}” with you`,
    'A live dashboard for you',
    invitation.portalOrigin,
    [
      { kind: 'paragraph', words: `${sharer} lets you see a dashboard, live, as it is on their own system.` },
      {
        kind: 'facts',
        facts: [
          ['Dashboard', title],
          ['System', oneLine(invitation.systemName, 80)],
          ['Organization', oneLine(invitation.organizationName, 80)],
          [
            'Open until',
            invitation.expiresAt === undefined ? 'it is withdrawn' : utcText(invitation.expiresAt),
          ],
        ],
      },
      ...(message.length === 0 ? [] : [quote]),
      { kind: 'action', label: 'Open the dashboard', link: checkedLink(invitation.link) },
      {
        kind: 'note',
        words:
          'You sign in with this e-mail address: we mail you a code, there is no password. The link works for nobody else, so forwarding it gives no access.',
      },
      { kind: 'note', words: `If you do not know ${sharer}, you need do nothing.` },
    ],
  );
}
