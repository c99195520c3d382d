import { internAllowlist } from './intern.ts';
import { PathTrie } from './path-trie.ts';
import { Refused } from './refused.ts';
import type { Allowlist, Method } from './rule.ts';
import { familiesOf, type RuleFamily } from './rule-family.ts';
import type { CompiledRule } from './rule-index.ts';
import { matchRule, type AdmittedCall } from './rule-match.ts';
import { parseRequest } from './request-parse.ts';
import type { TextSlot } from './slot.ts';
import { TextTable } from './text-table.ts';

/** An allowlist made ready for decisions. Opaque; immutable; may be shared between requests. */
export interface CompiledAllowlist {
  readonly allowlist: Allowlist;
  readonly tries: ReadonlyMap<Method, PathTrie>;
  /** A shorter way to some of what the tries hold. */
  readonly families: ReadonlyMap<Method, readonly RuleFamily[]>;
  /** By method. */
  readonly fixed: ReadonlyMap<string, FixedCalls>;
}

/** Compiles once what `decide` uses on every request. */
export function compileAllowlist(allowlist: Allowlist): CompiledAllowlist {
  const byMethod = new Map<Method, CompiledRule[]>();
  const calls: AdmittedCall[] = [];
  for (const rule of internAllowlist(allowlist).rules) {
    const compiled: CompiledRule = { rule, match: matchRule(rule) };
    const list = byMethod.get(rule.method);
    if (list === undefined) byMethod.set(rule.method, [compiled]);
    else list.push(compiled);
    const call = fixedCall(compiled);
    if (call !== undefined) calls.push(call);
  }
  const tries = new Map(Array.from(byMethod, ([method, rules]) => [method, new PathTrie(rules)]));
  const families = new Map(
    Array.from(byMethod, ([method, rules]) => [method, familiesOf(rules.map(({ rule }) => rule))]),
  );
  const fixed = new Map(
    Array.from(
      Map.groupBy(calls, ({ method }) => method),
      ([method, of]) => [method, new FixedCalls(method, of)],
    ),
  );
  return { allowlist, tries, families, fixed };
}

/** The calls of one method without any slot and body. */
class FixedCalls {
  readonly #table: TextTable;
  readonly #ids: readonly string[];
  readonly #method: Method;

  constructor(method: Method, calls: readonly AdmittedCall[]) {
    this.#table = new TextTable(calls.map(({ target }) => [target]));
    this.#ids = calls.map(({ ruleId }) => ruleId);
    this.#method = method;
  }

  /** The call, for a target exactly as the admitted call has it. */
  find(target: string): AdmittedCall | undefined {
    const ruleId = this.#ids[this.#table.find([target])];
    return ruleId === undefined ? undefined : { ruleId, method: this.#method, target };
  }
}

/** The one call of a rule without slots and without a body; undefined for other rules. */
function fixedCall({ rule, match }: CompiledRule): AdmittedCall | undefined {
  const { method, query = [], body, spans } = rule;
  if (body !== undefined || spans !== undefined) return undefined;
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
