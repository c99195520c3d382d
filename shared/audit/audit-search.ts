import { z } from 'zod';
import { day, instant } from '../clock.ts';
import type { AuditFilter } from './audit-log.ts';

const text = z.string().trim().max(200, 'At most 200 characters.').optional();
const date = z
  .union([z.literal(''), z.iso.date('Give a day as year-month-day, such as 2026-11-21.')])
  .optional();

/** What a reader of the audit asks for; an empty field is one that was left out. */
export const auditSearchSchema = z.object({
  action: text.describe('What: an action, or what actions begin with.'),
  who: text.describe('An id, or part of a name or address.'),
  about: text.describe('A system or share: its id, or part of its name.'),
  from: date.describe('The first day, UTC.'),
  to: date.describe('The last day, UTC.'),
  continuation: z.string().max(200).optional(),
});

export const auditSearchFields = ['action', 'who', 'about', 'from', 'to'] as const;
export type AuditSearch = Partial<Record<(typeof auditSearchFields)[number], string>>;

/** The fields that are filled in. @returns with them what is wrong with each, if anything */
export function readAuditSearch(given: Readonly<Record<string, string>>): {
  readonly search: AuditSearch;
  readonly filter: AuditFilter;
  readonly errors: Readonly<Record<string, string>>;
} {
  const search: AuditSearch = {};
  for (const name of auditSearchFields) {
    const value = given[name]?.trim();
    if (value) search[name] = value;
  }
  const parsed = auditSearchSchema.safeParse(search);
  const errors = Object.fromEntries(
    (parsed.error?.issues ?? []).map(({ path, message }) => [String(path[0]), message]),
  );
  if (!parsed.success) return { search, filter: {}, errors };
  const { action, who, about, from, to } = search;
  const filter = {
    ...(action && { action }),
    ...(who && { actor: who }),
    ...(about && { subject: about }),
    ...(from && { from: instant(Date.parse(from)) }),
    ...(to && { to: instant(Date.parse(to) + day) }),
  };
  return { search, filter, errors };
}
