import type { Allowlist } from './rule.ts';

/**
 * The same allowlist in which equal parts are one object. Ten thousand rules that differ in one literal
 * then share the matchers of everything else, and stay in the processor's cache.
 */
export function internAllowlist({ version, rules }: Allowlist): Allowlist {
  const known = new Map<string, unknown>();
  return { version, rules: rules.map((rule) => internMembers(rule, known)) };
}

function internMembers<T extends object>(whole: T, known: Map<string, unknown>): T {
  const copy = { ...whole };
  for (const name of Object.keys(copy) as (keyof T)[]) copy[name] = intern(copy[name], known);
  return copy;
}

function intern<T>(part: T, known: Map<string, unknown>): T {
  if (typeof part !== 'object' || part === null) return part;
  const key = JSON.stringify(part);
  const before = known.get(key);
  // Equal JSON text means an equal part: slots and rules hold nothing else.
  if (before !== undefined) return before as T;
  const interned = (
    Array.isArray(part) ? part.map((item: unknown) => intern(item, known)) : internMembers(part, known)
  ) as T;
  known.set(key, interned);
  return interned;
}

/** Remembers what `make` gave for an object; other values are cheap to make again. */
export function once<K, V>(make: (key: K) => V): (key: K) => V {
  const made = new WeakMap<object, V>();
  return (key) => {
    if (typeof key !== 'object' || key === null) return make(key);
    const before = made.get(key);
    if (before !== undefined) return before;
    const value = make(key);
    made.set(key, value);
    return value;
  };
}
