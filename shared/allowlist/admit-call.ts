import { compileAllowlist } from './compile.ts';
import { admit } from './decide.ts';
import { readSample, whyNever } from './recorded-calls.ts';
import { Refused } from './refused.ts';
import type { RawRequest } from './request.ts';
import { allowlistSchema, type Allowlist, type Rule } from './rule.ts';
import { draftRule, type RuleDraft } from './rule-draft.ts';
import { countTexts, secondLook } from './second-look.ts';

/** The allowlist that also admits one more call. */
export interface Admission {
  readonly allowlist: Allowlist;
  /** The new rule; none if the call is admitted already. */
  readonly rule?: Rule;
  /** Each slot wider than the value seen, and whatever else deserves a second look, in words for the owner. */
  readonly warnings: RuleDraft['warnings'];
}

/**
 * The allowlist with one more rule, which admits a call that was refused: the owner's one action. Moments in
 * the call become windows around now, everything else is pinned. Unchanged if the call is admitted already.
 * @param at when the call was made, Unix milliseconds
 * @throws Refused when the call has no single meaning, and ZodError when the allowlist is full
 */
export function admitCall(allowlist: Allowlist, request: RawRequest, at: number): Admission {
  const sample = readSample(request, 0, at);
  if (admit(compileAllowlist(allowlist), sample.request, at) !== undefined) {
    return { allowlist, warnings: [] };
  }
  const draft = draftRule([sample]);
  const rule = { id: freeId(allowlist), ...draft.rule };
  return {
    allowlist: allowlistSchema.parse({ ...allowlist, rules: [...allowlist.rules, rule] }),
    rule,
    warnings: [...draft.warnings, ...secondLook(draft, countTexts([sample]))],
  };
}

/**
 * Equal for refused calls that are the same to an owner: they differ in their times at most, as a call does that
 * comes again with every refresh.
 * @returns undefined for a call that no rule is ever made for
 */
export function callPattern(request: RawRequest, at: number): string | undefined {
  try {
    const sample = readSample(request, 0, at);
    if (whyNever(sample) !== undefined) return undefined;
    const fields = Array.from(sample.fields, ([place, { value, time }]) => [place, time?.format ?? value]);
    return `${sample.shape}\n${JSON.stringify(fields)}`;
  } catch (error) {
    if (error instanceof Refused) return undefined;
    throw error;
  }
}

/** The first of r1, r2, … that no rule has, counting on from their number. */
function freeId({ rules }: Allowlist): string {
  const taken = new Set(rules.map(({ id }) => id));
  let number = rules.length + 1;
  while (taken.has(`r${number}`)) number++;
  return `r${number}`;
}
