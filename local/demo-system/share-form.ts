import { day } from '../../shared/clock.ts';

/** When sharing ends, as the form offers it. */
export const EXPIRY_CHOICES = [
  { value: 'never', label: 'When I stop it' },
  { value: '1', label: 'After a day' },
  { value: '7', label: 'After a week' },
  { value: '30', label: 'After 30 days' },
  { value: '90', label: 'After 90 days' },
  { value: 'date', label: 'On a date …' },
] as const;

export interface ShareWish {
  readonly recipients: readonly string[];
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number | undefined;
}

export type ShareFormOutcome =
  | { readonly kind: 'wish'; readonly wish: ShareWish }
  | { readonly kind: 'fault'; readonly field: string; readonly detail: string };

const MOST_RECIPIENTS = 100;

/** Reads the share form. Addresses may be parted by lines, spaces, commas or semicolons. */
export function readShareForm(form: URLSearchParams, now: number): ShareFormOutcome {
  const fault = (field: string, detail: string): ShareFormOutcome => ({ kind: 'fault', field, detail });
  const recipients = [...new Set((form.get('recipients') ?? '').split(/[\s,;]+/).filter(Boolean))];
  if (recipients.length === 0) return fault('recipients', 'Name at least one e-mail address.');
  if (recipients.length > MOST_RECIPIENTS) return fault('recipients', 'Name 100 recipients at most.');
  const wrong = recipients.find((address) => !/^[^@<>]+@[^@<>]+\.[^@<>.]+$/.test(address));
  if (wrong !== undefined) return fault('recipients', `“${wrong.slice(0, 80)}” is not an e-mail address.`);
  const message = (form.get('message') ?? '').replaceAll('\r\n', '\n').trim();
  const expiresAt = readExpiry(form.get('expiry') ?? 'never', form.get('date') ?? '', now);
  if (typeof expiresAt === 'string') return fault('expiresAt', expiresAt);
  return { kind: 'wish', wish: { recipients, message, expiresAt } };
}

/** @returns the moment, nothing for never, or what is wrong, in words */
function readExpiry(choice: string, date: string, now: number): number | undefined | string {
  if (choice === 'never') return undefined;
  if (choice !== 'date') {
    const known = EXPIRY_CHOICES.some(({ value }) => value === choice);
    return known ? now + Number(choice) * day : 'Choose when sharing ends.';
  }
  const midnight = /^\d{4}-\d{2}-\d{2}$/.test(date) ? Date.parse(`${date}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(midnight)) return 'Choose the last day.';
  return midnight + day > now ? midnight + day : 'The last day is in the past.';
}
