import { compileAllowlist } from './compile.ts';
import { admit } from './decide.ts';
import { readSample } from './recorded-calls.ts';
import type { RawRequest } from './request.ts';
import { allowlistSchema, type Allowlist, type Rule } from './rule.ts';
import { draftRule } from './rule-draft.ts';

/**
 * The allowlist with one more rule, which admits a call that was refused: the owner's one action. Moments in
 * the call become windows around now, everything else is pinned. Unchanged if the call is admitted already.
 * @param at when the call was made, Unix milliseconds
 * @throws Refused when the call has no single meaning, and ZodError when the allowlist is full
 */
export function admitCall(
  allowlist: Allowlist,
  request: RawRequest,
  at: number,
): { allowlist: Allowlist; rule?: Rule } {
  const sample = readSample(request, 0, at);
  if (admit(compileAllowlist(allowlist), sample.request, at) !== undefined) return { allowlist };
  const rule = { id: freeId(allowlist), ...draftRule([sample]).rule };
  return { allowlist: allowlistSchema.parse({ ...allowlist, rules: [...allowlist.rules, rule] }), rule };
}

/** The first of r1, r2, … that no rule has, counting on from their number. */
function freeId({ rules }: Allowlist): string {
  const taken = new Set(rules.map(({ id }) => id));
  let number = rules.length + 1;
  while (taken.has(`r${number}`)) number++;
  return `r${number}`;
}
