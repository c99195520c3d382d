import type { Har } from './har.ts';
import type { Allowlist } from './rule.ts';

export interface Recording {
  /** One or several recordings of the same dashboard; each is taken as one more opening of it. */
  readonly hars: readonly Har[];
  /** Scheme, host and port of the dashboard on the on-prem network. */
  readonly origin: string;
  /** Path and query where the dashboard starts; always admitted. */
  readonly entryPath: string;
}

export interface Inference {
  readonly allowlist: Allowlist;
  /** Each slot wider than the values seen, and each call worth a second look, in words for the sharer. */
  readonly warnings: readonly InferenceWarning[];
  /** Each recorded call that no rule was made for. */
  readonly ignored: readonly IgnoredCall[];
}

export interface InferenceWarning {
  /** Id of the rule. */
  readonly rule: string;
  /** Where in the rule, for instance `query start`; `method` for the call as a whole. */
  readonly slot: string;
  readonly text: string;
}

export interface IgnoredCall {
  readonly url: string;
  readonly why: string;
}
