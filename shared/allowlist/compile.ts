import type { Decision } from './decide.ts';
import { internAllowlist } from './intern.ts';
import { PathTrie } from './path-trie.ts';
import { Refused } from './refused.ts';
import type { Allowlist, Method } from './rule.ts';
import type { CompiledRule } from './rule-index.ts';
import { matchRule, type AdmittedCall } from './rule-match.ts';
import { parseRequest } from './request-parse.ts';
import type { TextSlot } from './slot.ts';

/** An allowlist made ready for decisions. Opaque; immutable; may be shared between requests. */
export interface CompiledAllowlist {
  readonly allowlist: Allowlist;
  readonly tries: ReadonlyMap<Method, PathTrie>;
  /** Decisions on calls without any slot, by method and then target, exactly as the admitted call has them. */
  readonly fixed: ReadonlyMap<string, ReadonlyMap<string, Decision>>;
}

/** Compiles once what `decide` uses on every request. */
export function compileAllowlist(allowlist: Allowlist): CompiledAllowlist {
  const byMethod = new Map<Method, CompiledRule[]>();
  const fixed = new Map<string, Map<string, Decision>>();
  for (const rule of internAllowlist(allowlist).rules) {
    const compiled: CompiledRule = { rule, match: matchRule(rule) };
    const list = byMethod.get(rule.method);
    if (list === undefined) byMethod.set(rule.method, [compiled]);
    else list.push(compiled);
    const call = fixedCall(compiled);
    if (call === undefined) continue;
    const targets = fixed.get(call.method) ?? new Map<string, Decision>();
    fixed.set(call.method, targets);
    if (!targets.has(call.target)) targets.set(call.target, { admitted: true, call });
  }
  const tries = new Map(Array.from(byMethod, ([method, rules]) => [method, new PathTrie(rules)]));
  return { allowlist, tries, fixed };
}

/** The one call of a rule without slots and without a body; undefined for other rules. */
function fixedCall({ rule, match }: CompiledRule): AdmittedCall | undefined {
  const { method, query = [], body, spans } = rule;
  if ((body !== undefined && body.kind !== 'none') || spans !== undefined) return undefined;
  const path = literals(rule.path);
  const values = new Map<string, string | string[]>();
  for (const parameter of query) {
    const text = parameter.value ?? literals(parameter.values);
    if (text === undefined || (typeof text === 'object' && !Array.isArray(text))) return undefined;
    values.set(parameter.name, text);
  }
  if (path === undefined) return undefined;
  const call = match({ method, path, query: { values }, body: { kind: 'none' } }, 0);
  return call !== undefined && isReadable(call) ? call : undefined;
}

function literals(slots: readonly TextSlot[] | undefined): string[] | undefined {
  const texts = (slots ?? []).filter((slot) => typeof slot === 'string');
  return texts.length === slots?.length ? texts : undefined;
}

/** A rule may not admit by its literals what would be refused before any rule. */
function isReadable(call: AdmittedCall): boolean {
  try {
    parseRequest(call);
    return true;
  } catch (error) {
    if (error instanceof Refused) return false;
    throw error;
  }
}
