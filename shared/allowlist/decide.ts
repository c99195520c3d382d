import type { CompiledAllowlist } from './compile.ts';
import { explain } from './explain.ts';
import { checkHeaders } from './header-check.ts';
import { Refused, type ParseRefusalCode } from './refused.ts';
import { parseRequest } from './request-parse.ts';
import type { ParsedRequest, RawRequest } from './request.ts';
import type { AdmittedCall } from './rule-match.ts';

export type { AdmittedCall } from './rule-match.ts';
export type { RawRequest } from './request.ts';

export interface Refusal {
  readonly code: RefusalCode;
  /** Id of the rule that came closest, if any rule is comparable. */
  readonly nearestRule?: string;
  /** One sentence for the owner: what that rule expects against what came. Never for the viewer. */
  readonly difference: string;
}

/** `not-listed`: readable, but no rule admits it. */
export type RefusalCode = ParseRefusalCode | 'not-listed';

export type Decision =
  | { readonly admitted: true; readonly call: AdmittedCall }
  | { readonly admitted: false; readonly refusal: Refusal };

/**
 * Decides on one request. Costs the same with one rule or with 10,000.
 * @param now Unix milliseconds, for slots relative to now
 */
export function decide(compiled: CompiledAllowlist, request: RawRequest, now: number): Decision {
  try {
    if (request.body === undefined || request.body.length === 0) {
      // Equal to what the slow way would write, so there is nothing to parse.
      const call = compiled.fixed.get(request.method)?.find(request.target);
      if (call !== undefined) {
        checkHeaders(request);
        return { admitted: true, call };
      }
    }
    return decideParsed(compiled, parseRequest(request), now);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const refusal = { code: error.code, difference: `Refused before any rule: ${error.message}.` };
    return { admitted: false, refusal };
  }
}

/** The call that a request already parsed becomes, or undefined when no rule admits it. */
export function admit(
  compiled: CompiledAllowlist,
  request: ParsedRequest,
  now: number,
): AdmittedCall | undefined {
  for (const family of compiled.families.get(request.method) ?? []) {
    const call = family.find(request, now);
    if (call !== undefined) return call;
  }
  return compiled.tries
    .get(request.method)
    ?.find(request.path, now, (index) => index.find(request, ({ match }) => match(request, now)));
}

function decideParsed(compiled: CompiledAllowlist, request: ParsedRequest, now: number): Decision {
  const call = admit(compiled, request, now);
  if (call !== undefined) return { admitted: true, call };
  return { admitted: false, refusal: { code: 'not-listed', ...explain(compiled, request, now) } };
}
