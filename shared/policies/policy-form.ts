import { pollingBounds, readDomain, type Policy } from './policy.ts';

/** The fields of the form, as they were typed. */
export interface PolicyFields {
  readonly emailDomains?: string | undefined;
  readonly longestShareDays?: string | undefined;
  readonly sharers?: string | undefined;
  readonly pollingLeast?: string | undefined;
  readonly pollingMost?: string | undefined;
}

export const policyFieldNames = [
  'emailDomains',
  'longestShareDays',
  'sharers',
  'pollingLeast',
  'pollingMost',
] as const satisfies readonly (keyof PolicyFields)[];

/** A policy as its form shows it. */
export const policyFields = ({ emailDomains, longestShareDays, sharers, polling }: Policy): PolicyFields => ({
  emailDomains: emailDomains?.join(', ') ?? '',
  longestShareDays: longestShareDays === undefined ? '' : String(longestShareDays),
  sharers: sharers?.join(', ') ?? '',
  pollingLeast: polling === undefined ? '' : String(polling.least),
  pollingMost: polling === undefined ? '' : String(polling.most),
});

const most = 200;
const words = (text: string, between: RegExp) => [
  ...new Set(
    text
      .split(between)
      .map((each) => each.trim())
      .filter((each) => each !== ''),
  ),
];

const wholeNumber = (text: string): number | undefined => (/^\d{1,6}$/.test(text) ? Number(text) : undefined);

/** Reads the form. @returns the policy, and what is wrong, by field */
export function readPolicyFields(fields: PolicyFields): {
  policy: Policy;
  errors: Partial<Record<keyof PolicyFields, string>>;
} {
  const errors: Partial<Record<keyof PolicyFields, string>> = {};
  const typed = (name: keyof PolicyFields) => (fields[name] ?? '').trim();

  const domains = words(typed('emailDomains'), /[\s,;]+/);
  const read = domains.map(readDomain);
  const strange = domains.filter((_, index) => read[index] === undefined);
  if (strange.length > 0) errors.emailDomains = `No domain: ${strange.slice(0, 5).join(', ')}.`;
  else if (domains.length > most) errors.emailDomains = `At most ${most} domains.`;

  const days = wholeNumber(typed('longestShareDays'));
  if (typed('longestShareDays') !== '' && (days === undefined || days < 1 || days > 3650))
    errors.longestShareDays = 'A number of days from 1 to 3,650.';

  const sharers = words(typed('sharers'), /,/);
  if (sharers.length > most) errors.sharers = `At most ${most} names.`;
  else if (sharers.some((name) => name.length > 100)) errors.sharers = 'A name has at most 100 characters.';

  const bound = (name: 'pollingLeast' | 'pollingMost', otherwise: number): number => {
    const value = typed(name) === '' ? otherwise : wholeNumber(typed(name));
    if (value !== undefined && value >= pollingBounds.least && value <= pollingBounds.most) return value;
    errors[name] = `Seconds, from ${pollingBounds.least} to ${pollingBounds.most}.`;
    return otherwise;
  };
  const least = bound('pollingLeast', pollingBounds.least);
  const longest = bound('pollingMost', pollingBounds.most);
  if (least > longest) errors.pollingMost ??= 'Not shorter than the shortest.';
  const sets = typed('pollingLeast') !== '' || typed('pollingMost') !== '';

  return {
    policy: {
      ...(domains.length > 0 && { emailDomains: read.filter((each) => each !== undefined) }),
      ...(days !== undefined && { longestShareDays: days }),
      ...(sharers.length > 0 && { sharers }),
      ...(sets && { polling: { least, most: longest } }),
    },
    errors,
  };
}
