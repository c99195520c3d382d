import { z } from 'zod';
import { day, instant, type Instant } from '../clock.ts';
import { emailDomain, parseEmailAddress, type EmailAddress } from '../email/email-address.ts';
import type { FieldError } from '../problem.ts';

/** How often a gateway asks for commands, in seconds: what a policy may set, and what holds without one. */
export const pollingBounds = { least: 10, most: 3600, usual: 60 } as const;

/** What an organization allows on its systems and shares. What is absent is free. */
export interface Policy {
  /** Domains that recipients may have, A-labels in lower case; `*.` in front means every name below. */
  readonly emailDomains?: readonly string[] | undefined;
  /** Days from its making to its end that a share may last at most, 1 to 3,650. */
  readonly longestShareDays?: number | undefined;
  /** Names, as the on-prem application knows them, of the people who may share. */
  readonly sharers?: readonly string[] | undefined;
  /** Seconds between polls for commands that a gateway may choose. */
  readonly polling?: { readonly least: number; readonly most: number } | undefined;
}

const domain = z.string().regex(/^(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)+$/);
const seconds = z.int().min(pollingBounds.least).max(pollingBounds.most);

/** As it is stored, and as gateways are told of it. */
export const policySchema: z.ZodType<Policy> = z.object({
  emailDomains: z.array(domain).min(1).max(200).optional(),
  longestShareDays: z.int().min(1).max(3650).optional(),
  sharers: z.array(z.string().min(1).max(100)).min(1).max(200).optional(),
  polling: z
    .object({ least: seconds, most: seconds })
    .refine(({ least, most }) => least <= most)
    .optional(),
});

/** Reads a domain as a person types it. @returns its A-labels, or undefined if it is none */
export function readDomain(text: string): string | undefined {
  const below = text.startsWith('*.');
  const address = parseEmailAddress(`someone@${below ? text.slice(2) : text.replace(/^@/, '')}`);
  return address && `${below ? '*.' : ''}${emailDomain(address)}`;
}

const isAllowed = (domains: readonly string[], email: EmailAddress): boolean => {
  const own = emailDomain(email);
  return domains.some((each) => (each.startsWith('*.') ? own.endsWith(each.slice(1)) : own === each));
};

/** Those of the recipients that a policy does not allow. */
export const foreignRecipients = (
  { emailDomains }: Policy,
  recipients: readonly EmailAddress[],
): EmailAddress[] => (emailDomains ? recipients.filter((email) => !isAllowed(emailDomains, email)) : []);

/** The moment at which a share made then must end; undefined where a policy sets none. */
export const latestEnd = ({ longestShareDays }: Policy, createdAt: Instant): Instant | undefined =>
  longestShareDays === undefined ? undefined : instant(Date.parse(createdAt) + longestShareDays * day);

/** What a policy looks at of a share, made or wished. */
export interface Judged {
  readonly recipients: readonly EmailAddress[];
  readonly createdAt: Instant;
  /** Never, when absent. */
  readonly expiresAt?: Instant | undefined;
  readonly sharedBy: string;
}

const list = (words: readonly string[]) => words.join(', ');

/** What of a share a policy does not allow, field by field, in words; nothing when it fits. */
export function policyFaults(
  policy: Policy,
  { recipients, createdAt, expiresAt, sharedBy }: Judged,
): FieldError[] {
  const foreign = foreignRecipients(policy, recipients);
  const latest = latestEnd(policy, createdAt);
  const { emailDomains = [], sharers, longestShareDays = 0 } = policy;
  return [
    ...(foreign.length > 0
      ? [
          {
            field: 'recipients',
            detail: `Not allowed: ${list(foreign)}. Recipients must have an address at ${list(emailDomains)}.`,
          },
        ]
      : []),
    ...(latest !== undefined && (expiresAt === undefined || expiresAt > latest)
      ? [
          {
            field: 'expiresAt',
            detail: `A share may last ${longestShareDays === 1 ? 'one day' : `${longestShareDays} days`} at most, here until ${latest}.`,
          },
        ]
      : []),
    ...(sharers && !sharers.includes(sharedBy)
      ? [{ field: 'sharedBy', detail: `${sharedBy} is not among those who may share.` }]
      : []),
  ];
}
