import { RuleIndex, type CompiledRule } from './rule-index.ts';
import { matchSegment } from './rule-match.ts';
import type { TextMatch } from './text-match.ts';

/** The paths of one method's rules, segment by segment. */
export class PathTrie {
  readonly #root: Node = new Node();

  constructor(rules: readonly CompiledRule[]) {
    for (const rule of rules) this.#root.add(rule, 0);
    this.#root.finish();
  }

  /** The first result that `attempt` gives for the rules of a path. Literal segments come before slots. */
  find<T>(path: readonly string[], now: number, attempt: (index: RuleIndex) => T | undefined): T | undefined {
    return this.#root.find(path, 0, now, attempt);
  }

  /** Indexes whose path begins like this one, the longest likeness first; at most `count`. */
  near(path: readonly string[], now: number, count: number): RuleIndex[] {
    const found: RuleIndex[] = [];
    this.#root.near(path, 0, now, count, found);
    return found;
  }
}

interface SlotEdge {
  readonly match: TextMatch;
  readonly node: Node;
}

class Node {
  readonly #literals = new Map<string, Node>();
  readonly #slots = new Map<string, SlotEdge>();
  #edges: readonly SlotEdge[] = [];
  readonly #rules: CompiledRule[] = [];
  #index: RuleIndex | undefined;

  add(compiled: CompiledRule, depth: number): void {
    const slot = compiled.rule.path[depth];
    if (slot === undefined) this.#rules.push(compiled);
    else if (typeof slot === 'string') {
      let next = this.#literals.get(slot);
      if (next === undefined) this.#literals.set(slot, (next = new Node()));
      next.add(compiled, depth + 1);
    } else {
      const key = JSON.stringify(slot);
      let edge = this.#slots.get(key);
      if (edge === undefined) this.#slots.set(key, (edge = { match: matchSegment(slot), node: new Node() }));
      edge.node.add(compiled, depth + 1);
    }
  }

  finish(): void {
    this.#edges = [...this.#slots.values()];
    if (this.#rules.length > 0) this.#index = new RuleIndex(this.#rules);
    for (const node of this.#literals.values()) node.finish();
    for (const { node } of this.#edges) node.finish();
  }

  find<T>(
    path: readonly string[],
    depth: number,
    now: number,
    attempt: (index: RuleIndex) => T | undefined,
  ): T | undefined {
    const segment = path[depth];
    if (segment === undefined) return this.#index === undefined ? undefined : attempt(this.#index);
    const found = this.#literals.get(segment)?.find(path, depth + 1, now, attempt);
    if (found !== undefined) return found;
    for (const edge of this.#edges) {
      if (edge.match(segment, { now }) === undefined) continue;
      const below = edge.node.find(path, depth + 1, now, attempt);
      if (below !== undefined) return below;
    }
    return undefined;
  }

  near(path: readonly string[], depth: number, now: number, count: number, found: RuleIndex[]): void {
    if (found.length >= count) return;
    const segment = path[depth];
    if (segment !== undefined) {
      this.#literals.get(segment)?.near(path, depth + 1, now, count, found);
      for (const { match, node } of this.#edges) {
        if (match(segment, { now }) !== undefined) node.near(path, depth + 1, now, count, found);
      }
    }
    this.#all(count, found);
  }

  #all(count: number, found: RuleIndex[]): void {
    if (found.length >= count) return;
    if (this.#index !== undefined && !found.includes(this.#index)) found.push(this.#index);
    for (const node of this.#literals.values()) {
      if (found.length >= count) return;
      node.#all(count, found);
    }
    for (const { node } of this.#edges) node.#all(count, found);
  }
}
