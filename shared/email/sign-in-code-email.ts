import { emailContent } from './email-content.ts';
import type { EmailContent } from './email-sender.ts';
import { oneLine } from './plain-words.ts';

export interface SignInCode {
  /** 6 digits, valid for 10 minutes. Kept out of the subject: mail servers log subjects. */
  readonly code: string;
  readonly portalOrigin: string;
  /** The network address of the browser that asked. */
  readonly requestedFrom?: string;
}

/** @throws TypeError unless the code is 6 digits */
export function signInCodeEmail({ code, portalOrigin, requestedFrom }: SignInCode): EmailContent {
  if (!/^\d{6}$/.test(code)) throw new TypeError('a sign-in code has 6 digits');
  const { host } = new URL(portalOrigin);
  return emailContent('Your Drawbridge sign-in code', 'Your sign-in code', portalOrigin, [
    { kind: 'paragraph', words: `Type this code on ${host}, on the page where you asked for it:` },
    { kind: 'code', code },
    { kind: 'paragraph', words: 'It works once, for 10 minutes.' },
    ...(requestedFrom === undefined
      ? []
      : [{ kind: 'facts' as const, facts: [['Asked for from', oneLine(requestedFrom)] as const] }]),
    {
      kind: 'note',
      words:
        'If you did not ask for it, you need do nothing: nobody gets in without the code. Do not give it to anyone, whoever asks.',
    },
  ]);
}
