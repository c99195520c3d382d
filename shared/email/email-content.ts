import type { EmailBlock } from './email-blocks.ts';
import { emailHtml } from './email-html.tsx';
import type { EmailContent } from './email-sender.ts';
import { emailText } from './email-text.ts';
import { oneLine } from './plain-words.ts';

/**
 * Makes one e-mail from its parts.
 * @param portalOrigin such as https://drawbridge.example.com, named in the footer, so that the reader knows which service wrote
 */
export function emailContent(
  subject: string,
  heading: string,
  portalOrigin: string,
  blocks: readonly EmailBlock[],
): EmailContent {
  const footer = `Sent by Drawbridge, ${new URL(portalOrigin).host}`;
  return {
    subject: oneLine(subject, 200),
    text: emailText(heading, blocks, footer),
    html: emailHtml(heading, blocks, footer),
  };
}
