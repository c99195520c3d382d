import type { ParsedRequest } from './request.ts';
import type { Rule } from './rule.ts';
import { pinnedFields, type Field, type PinnedField } from './rule-fields.ts';
import type { RuleMatch } from './rule-match.ts';
import { shapeOfRequest, shapeOfRule } from './rule-shape.ts';

export interface CompiledRule {
  readonly rule: Rule;
  readonly match: RuleMatch;
}

/** The rules of one method and path. Gives the few whose shape and pinned values a request has. */
export class RuleIndex {
  readonly #closed = new Map<string, Group[]>();
  readonly #open: Group[] = [];
  readonly #all: readonly CompiledRule[];
  /** Where there is one shape, looking at a request's shape first would only take time. */
  readonly #only: readonly Group[] | undefined;

  constructor(rules: readonly CompiledRule[]) {
    this.#all = rules;
    for (const [shape, members] of groupBy(rules, ({ rule }) => shapeOfRule(rule) ?? '')) {
      const groups = groupsOf(members);
      if (shape === '') this.#open.push(...groups);
      else this.#closed.set(shape, groups);
    }
    if (this.#closed.size < 2) this.#only = [...this.#closed.values()].flat();
  }

  /** The first rule whose match gives a call, and that call. */
  find<T>(request: ParsedRequest, attempt: (rule: CompiledRule) => T | undefined): T | undefined {
    if (this.#all.length === 1) {
      const only = this.#all[0];
      return only === undefined ? undefined : attempt(only);
    }
    const groups = this.#only ?? this.#closed.get(shapeOfRequest(request));
    return firstOf(groups, request, attempt) ?? firstOf(this.#open, request, attempt);
  }

  /** Rules worth comparing with a request that none admits: at most `count`, the most alike first. */
  near(request: ParsedRequest, count: number): CompiledRule[] {
    const groups = [...(this.#closed.get(shapeOfRequest(request)) ?? []), ...this.#open];
    const alike = groups.flatMap((group) => group.near(request, count));
    return [...new Set([...alike, ...this.#all.slice(0, count)])].slice(0, count);
  }
}

function firstOf<T>(
  groups: readonly Group[] | undefined,
  request: ParsedRequest,
  attempt: (rule: CompiledRule) => T | undefined,
): T | undefined {
  for (const group of groups ?? []) {
    for (const rule of group.candidates(request)) {
      const found = attempt(rule);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** Rules that pin the same places, found by the values pinned there. */
class Group {
  readonly #fields: readonly Field[];
  readonly #byKey = new Map<string, CompiledRule[]>();
  readonly #byField: readonly Map<string, CompiledRule[]>[];
  readonly #rules: readonly CompiledRule[];

  constructor(rules: readonly CompiledRule[], pins: ReadonlyMap<CompiledRule, readonly PinnedField[]>) {
    this.#rules = rules;
    const chosen = discriminating(rules, pins);
    this.#fields = chosen;
    this.#byField = chosen.map(() => new Map());
    for (const rule of rules) {
      const fields = chosen.map(({ id }) => pins.get(rule)?.find((pin) => pin.id === id)?.keys ?? []);
      for (const key of combinations(fields)) push(this.#byKey, key, rule);
      for (const [at, keys] of fields.entries()) {
        for (const key of keys) push(this.#byField[at], key, rule);
      }
    }
  }

  candidates(request: ParsedRequest): readonly CompiledRule[] {
    const [first] = this.#fields;
    if (first === undefined) return this.#rules;
    if (this.#fields.length === 1) return this.#byKey.get(first.keyOf(request) ?? '') ?? [];
    let composite = '';
    for (const field of this.#fields) {
      const key = field.keyOf(request);
      if (key === undefined) return [];
      composite += withLength(key);
    }
    return this.#byKey.get(composite) ?? [];
  }

  near(request: ParsedRequest, count: number): CompiledRule[] {
    const sharing = this.#fields.flatMap((field, at) => {
      const key = field.keyOf(request);
      return key === undefined ? [] : (this.#byField[at]?.get(key)?.slice(0, count) ?? []);
    });
    return [...sharing, ...this.#rules.slice(0, count)];
  }
}

function groupsOf(rules: readonly CompiledRule[]): Group[] {
  const pins = new Map(rules.map((rule) => [rule, pinnedFields(rule.rule)]));
  const idsOf = (rule: CompiledRule) => JSON.stringify(pins.get(rule)?.map(({ id }) => id));
  return Array.from(groupBy(rules, idsOf).values(), (members) => new Group(members, pins));
}

const mostFields = 4;

/** The fewest fields that tell the rules apart, the most telling first. */
function discriminating(
  rules: readonly CompiledRule[],
  pins: ReadonlyMap<CompiledRule, readonly PinnedField[]>,
): Field[] {
  const [first] = rules;
  const spread = (first === undefined ? [] : (pins.get(first) ?? []))
    .map((field, at) => {
      const lists = rules.map((rule) => pins.get(rule)?.[at]?.keys ?? []);
      return {
        field,
        single: lists.every((keys) => keys.length === 1),
        distinct: new Set(lists.flat()).size,
      };
    })
    .filter(({ distinct }) => distinct > 1)
    .sort((a, b) => b.distinct - a.distinct);
  const chosen: Field[] = [];
  let sets = 0;
  for (const { field, single, distinct } of spread) {
    if (chosen.length === mostFields || (!single && sets === 1)) continue;
    chosen.push(field);
    if (!single) sets++;
    if (distinct === rules.length && single) break;
  }
  return chosen;
}

/** Every way to take one key of each field. At most one field has several. */
function combinations(fields: readonly (readonly string[])[]): readonly string[] {
  if (fields.length === 1) return fields[0] ?? [];
  let keys = [''];
  for (const choices of fields)
    keys = keys.flatMap((key) => choices.map((choice) => key + withLength(choice)));
  return keys;
}

/** So that no two lists of values give the same key. */
const withLength = (key: string) => `${key.length}:${key}`;

function push<T>(map: Map<string, T[]> | undefined, key: string, value: T): void {
  const list = map?.get(key);
  if (list === undefined) map?.set(key, [value]);
  else list.push(value);
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) push(groups, keyOf(item), item);
  return groups;
}
