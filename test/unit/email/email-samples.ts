import { instant } from '../../../shared/clock.ts';
import { emailAddress } from '../../../shared/email/email-address.ts';
import { accountChangedEmail } from '../../../shared/email/account-changed-email.ts';
import { credentialsRevokedEmail } from '../../../shared/email/credentials-revoked-email.ts';
import type { EmailContent, EmailMessage } from '../../../shared/email/email-sender.ts';
import { gatewayAsksEmail } from '../../../shared/email/gateway-asks-email.ts';
import { passwordLinkEmail } from '../../../shared/email/password-link-email.ts';
import { sharesHeldEmail } from '../../../shared/email/shares-held-email.ts';
import { signInCodeEmail } from '../../../shared/email/sign-in-code-email.ts';
import { systemDisconnectedEmail } from '../../../shared/email/system-disconnected-email.ts';
import { systemsSilentEmail } from '../../../shared/email/systems-silent-email.ts';
import { invitationEmail } from '../../../shared/invitations/invitation-email.ts';
import { memberInvitationEmail } from '../../../shared/organizations/member-invitation-email.ts';

export const portalOrigin = 'https://drawbridge.example';

/** Every e-mail there is, with all the words that others choose given in. */
export const everyEmail = (words: string): Record<string, EmailContent> => ({
  signInCode: signInCodeEmail({ code: '042137', portalOrigin, requestedFrom: words }),
  invitation: invitationEmail({
    sharerName: words,
    organizationName: words,
    systemName: words,
    dashboardTitle: words,
    message: words,
    expiresAt: instant(Date.UTC(2026, 10, 21, 7, 12)),
    link: 'https://s1.share.example/',
    portalOrigin,
  }),
  credentialsRevoked: credentialsRevokedEmail({
    systemName: words,
    gatewayName: words,
    reason: words,
    link: `${portalOrigin}/systems/1`,
  }),
  memberInvitation: memberInvitationEmail({
    organizationName: words,
    invitedBy: words,
    role: 'admin',
    expiresAt: instant(Date.UTC(2026, 10, 21, 7, 12)),
    link: `${portalOrigin}/join/works`,
  }),
  systemsSilent: systemsSilentEmail({
    organizationName: words,
    systems: [
      { name: words, since: instant(0) },
      { name: 'South', since: instant(0) },
    ],
    link: `${portalOrigin}/organizations/plant`,
  }),
  gatewayAsks: gatewayAsksEmail({
    systemName: words,
    gatewayName: words,
    reason: words,
    from: words,
    link: `${portalOrigin}/systems/1`,
  }),
  passwordLink: passwordLinkEmail({
    link: `${portalOrigin}/password/choose?token=t`,
    requestedFrom: words,
  }),
  ...Object.fromEntries(
    (['password-set', 'second-factor-on', 'second-factor-refused'] as const).map((change) => [
      change,
      accountChangedEmail({
        change,
        at: instant(Date.UTC(2026, 10, 21, 7, 12)),
        from: words,
        browser: words,
        link: `${portalOrigin}/account`,
      }),
    ]),
  ),
  systemDisconnected: systemDisconnectedEmail({
    systemName: words,
    organizationName: words,
    by: words,
    at: instant(Date.UTC(2026, 10, 21, 7, 12)),
    sharesEnded: 3,
    link: `${portalOrigin}/organizations/works`,
  }),
  sharesHeld: sharesHeldEmail({
    systemName: words,
    organizationName: words,
    shares: 3,
    link: `${portalOrigin}/systems/1`,
  }),
});

export const message = (operationId: string, more: Partial<EmailMessage> = {}): EmailMessage => ({
  operationId,
  to: emailAddress('ann@example.com'),
  subject: 'Grüße',
  text: 'Hello.\n',
  html: '<p>Hello.</p>',
  ...more,
});

export const from = 'Drawbridge <no-reply@drawbridge.example>';
