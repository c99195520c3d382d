import type { CompiledAllowlist } from './compile.ts';
import type { Method } from './rule.ts';

/** A request as the viewer sent it, before anybody interpreted it. */
export interface RawRequest {
  readonly method: string;
  /** The request target in origin form, as received: path and query, undecoded. */
  readonly target: string;
  readonly contentType?: string | undefined;
  /** Lower-case names. Only those that the viewer sent, not those that infrastructure added. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>> | undefined;
  /** Empty and absent are the same. */
  readonly body?: Uint8Array | undefined;
}

/** What goes to the on-prem side: written anew from the parsed form, never the bytes received. */
export interface AdmittedCall {
  readonly ruleId: string;
  readonly method: Method;
  readonly target: string;
  readonly contentType?: string;
  readonly body?: Uint8Array;
}

export interface Refusal {
  readonly code: RefusalCode;
  /** Id of the rule that came closest, if any rule is comparable. */
  readonly nearestRule?: string;
  /** One sentence for the owner: what that rule expects against what came. Never for the viewer. */
  readonly difference: string;
}

export type RefusalCode =
  /** The request cannot be read in exactly one way. */
  | 'ambiguous'
  /** Larger than the limits. */
  | 'too-large'
  /** A header that would change the meaning of the request. */
  | 'forbidden-header'
  /** Readable, but no rule admits it. */
  | 'not-listed';

export type Decision =
  | { readonly admitted: true; readonly call: AdmittedCall }
  | { readonly admitted: false; readonly refusal: Refusal };

/**
 * Decides on one request. Costs the same with one rule or with 10,000.
 * @param now Unix milliseconds, for slots relative to now
 */
export function decide(_compiled: CompiledAllowlist, _request: RawRequest, _now: number): Decision {
  return { admitted: false, refusal: { code: 'not-listed', difference: 'The engine is not written yet.' } };
}
