import type { Instant } from '../clock.ts';
import { checkedLink } from '../email/email-blocks.ts';
import { emailContent } from '../email/email-content.ts';
import type { EmailContent } from '../email/email-sender.ts';
import { oneLine } from '../email/plain-words.ts';
import { roleText } from '../pages/role-text.ts';
import { utcText } from '../pages/utc-text.ts';
import type { Role } from './organization.ts';

export interface MemberInvitationWords {
  readonly organizationName: string;
  readonly invitedBy: string;
  readonly role: Role;
  readonly expiresAt: Instant;
  /** Holds no secret: who opens it must sign in as the one invited, and confirm. */
  readonly link: string;
}

/** Asks someone to become a member. @throws TypeError unless the link is a web address */
export function memberInvitationEmail(invitation: MemberInvitationWords): EmailContent {
  const organization = oneLine(invitation.organizationName, 80);
  const by = oneLine(invitation.invitedBy, 254);
  const link = checkedLink(invitation.link);
  return emailContent(`Join ${organization} on Drawbridge`, 'You are invited', new URL(link).origin, [
    {
      kind: 'paragraph',
      words: `${by} invites you to ${organization}, to look after its connected systems and what is shared of them.`,
    },
    {
      kind: 'facts',
      facts: [
        ['Organization', organization],
        ['Your role', roleText[invitation.role]],
        ['Valid until', utcText(invitation.expiresAt)],
      ],
    },
    { kind: 'action', label: 'See the invitation', link },
    {
      kind: 'note',
      words:
        'You sign in with this e-mail address and confirm. The link works for nobody else, so forwarding it gives no access.',
    },
    { kind: 'note', words: `If you do not know ${by}, you need do nothing.` },
  ]);
}
