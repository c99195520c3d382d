import { checkedLink } from './email-blocks.ts';
import { emailContent } from './email-content.ts';
import type { EmailContent } from './email-sender.ts';
import { oneLine } from './plain-words.ts';
import type { Instant } from '../clock.ts';

export interface SystemsSilent {
  readonly organizationName: string;
  /** With when each renewed last. */
  readonly systems: readonly { readonly name: string; readonly since: Instant }[];
  /** The organization's page in the portal. */
  readonly link: string;
}

/** So many are named one by one. */
const mostNamed = 20;

/** Tells owners, once, of systems that have not renewed for days. @throws TypeError unless the link is a web address */
export function systemsSilentEmail({ organizationName, systems, link: given }: SystemsSilent): EmailContent {
  const link = checkedLink(given);
  const [only] = systems;
  const subject =
    systems.length === 1 && only
      ? `${oneLine(only.name, 80)} has not been heard of for three days`
      : `${systems.length} systems have not been heard of for three days`;
  const named = systems.slice(0, mostNamed);
  const unnamed = systems.length - named.length;
  return emailContent(subject, 'Not heard of for three days', new URL(link).origin, [
    {
      kind: 'paragraph',
      words: `No gateway of what is listed here has renewed its credentials for three days or more. Each does so daily while it runs and reaches this service. The systems belong to ${oneLine(organizationName, 80)}.`,
    },
    {
      kind: 'facts',
      facts: [
        ...named.map(({ name, since }): [string, string] => [
          oneLine(name, 80),
          `last renewed ${since.slice(0, 10)}`,
        ]),
        ...(unnamed > 0 ? [['Further systems', String(unnamed)] as [string, string]] : []),
      ],
    },
    {
      kind: 'paragraph',
      words:
        'Look whether the machine of the gateway runs and gets out to the internet; its command “doctor” says what is wrong. When it is back it goes on by itself. After 30 days an owner or admin has to approve it again. This is the only e-mail about it.',
    },
    { kind: 'action', label: 'Look at the systems', link },
  ]);
}
