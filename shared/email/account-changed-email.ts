import type { Instant } from '../clock.ts';
import { utcText } from '../pages/utc-text.ts';
import { checkedLink } from './email-blocks.ts';
import { emailContent } from './email-content.ts';
import type { EmailContent } from './email-sender.ts';
import { oneLine } from './plain-words.ts';

export const accountChanges = {
  'password-set': ['Your password was set', 'A password was set or changed. Every other session was ended.'],
  'password-removed': ['Your password was removed', 'From now on you sign in with an e-mailed code.'],
  'second-factor-on': [
    'A second step was turned on',
    'From now on signing in also asks for a code from your app. Every other session was ended.',
  ],
  'second-factor-off': [
    'The second step was turned off',
    'From now on your e-mailed code or your password is enough to sign in.',
  ],
  'recovery-codes-renewed': ['Your recovery codes were renewed', 'The former ones work no longer.'],
  'recovery-code-used': [
    'A recovery code was used to sign in',
    'It works no longer. Make new ones before the last is gone.',
  ],
  'second-factor-refused': [
    'Someone was stopped at the second step',
    'They got past your e-mailed code or your password, and then entered five wrong codes. If it was not you, change your password and look after your mailbox.',
  ],
  deleted: [
    'Your account was deleted',
    'With it went your ways to sign in, your place in organizations and in what was shared with you. Should you sign in again, an empty account begins.',
  ],
} as const satisfies Record<string, readonly [subject: string, what: string]>;

export type AccountChange = keyof typeof accountChanges;

export interface AccountChanged {
  readonly change: AccountChange;
  readonly at: Instant;
  /** Network address. */
  readonly from: string;
  readonly browser: string;
  /** The account's page in the portal. */
  readonly link: string;
}

/** Tells someone that their way of signing in changed (ASVS 2.2.3, 2.5.5). @throws TypeError unless the link is a web address */
export function accountChangedEmail({ change, at, from, browser, link }: AccountChanged): EmailContent {
  const [subject, what] = accountChanges[change];
  const checked = checkedLink(link);
  return emailContent(subject, subject, new URL(checked).origin, [
    { kind: 'paragraph', words: what },
    {
      kind: 'facts',
      facts: [
        ['When', utcText(at)],
        ['From', oneLine(from, 100)],
        ['With', oneLine(browser, 100)],
      ],
    },
    { kind: 'paragraph', words: 'If it was you, there is nothing to do. If not, look at your account now.' },
    { kind: 'action', label: 'Look at your account', link: checked },
  ]);
}
