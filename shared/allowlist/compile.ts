import type { Allowlist } from './rule.ts';

/** An allowlist made ready for decisions. Opaque; immutable; may be shared between requests. */
export interface CompiledAllowlist {
  readonly allowlist: Allowlist;
}

/** Compiles once what {@link decide} uses on every request. */
export function compileAllowlist(allowlist: Allowlist): CompiledAllowlist {
  return { allowlist };
}
