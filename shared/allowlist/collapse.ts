import type { RuleDraft } from './rule-draft.ts';
import type { Parameter } from './rule.ts';
import type { JsonScalar, JsonSlot, TextSlot } from './slot.ts';
import { groupBy } from './volatile-fields.ts';

/**
 * Joins rules that differ in one literal only into one rule with a finite set. What is admitted stays the
 * same; the sharer reads one line instead of many.
 */
export function collapse(drafts: readonly RuleDraft[]): RuleDraft[] {
  const byRest = [...groupBy(drafts.flatMap(holes), ({ key }) => key).values()].filter(
    (alike) => alike.length > 1,
  );
  byRest.sort((a, b) => b.length - a.length);
  const joined = new Set<RuleDraft>();
  const result = new Map<RuleDraft, RuleDraft>();
  for (const alike of byRest) {
    const free = alike.filter(({ draft }) => !joined.has(draft));
    const [first] = free;
    if (first === undefined || free.length < 2) continue;
    for (const { draft } of free) joined.add(draft);
    const warnings = free.flatMap(({ draft }) => draft.warnings);
    result.set(first.draft, {
      rule: first.fill([...new Set(free.map(({ value }) => value))]),
      warnings: [...new Map(warnings.map((warning) => [JSON.stringify(warning), warning])).values()],
      samples: free.flatMap(({ draft }) => draft.samples),
    });
  }
  return drafts.flatMap((draft) => result.get(draft) ?? (joined.has(draft) ? [] : draft));
}

/** A rule without one of its literals. */
interface Hole {
  readonly draft: RuleDraft;
  /** Equal for rules that differ only here. */
  readonly key: string;
  readonly value: JsonScalar;
  readonly fill: (values: readonly JsonScalar[]) => RuleDraft['rule'];
}

function holes(draft: RuleDraft): Hole[] {
  const { rule } = draft;
  const { query = [], body } = rule;
  const found: Hole[] = [];
  const add = (value: JsonScalar, fill: Hole['fill']) => {
    found.push({ draft, key: `${typeof value} ${JSON.stringify(fill([hole]))}`, value, fill });
  };
  const inParameters = (
    list: readonly Parameter[],
    put: (list: readonly Parameter[]) => RuleDraft['rule'],
  ) => {
    for (const [at, parameter] of list.entries()) {
      if (typeof parameter.value !== 'string' || parameter.bare === true) continue;
      add(parameter.value, (values) => put(list.with(at, { ...parameter, value: textSet(values) })));
    }
  };
  inParameters(query, (list) => ({ ...rule, query: list }));
  if (body?.kind === 'form') inParameters(body.form, (form) => ({ ...rule, body: { ...body, form } }));
  if (body?.kind === 'json') inJson(body.json, (json) => ({ ...rule, body: { ...body, json } }), add);
  return found;
}

/** A value that no recording holds. */
const hole = '\0';

const textSet = (values: readonly JsonScalar[]): TextSlot => ({ oneOf: values.map(String) });

function inJson(
  slot: JsonSlot,
  put: (slot: JsonSlot) => RuleDraft['rule'],
  add: (value: JsonScalar, fill: Hole['fill']) => void,
): void {
  if (typeof slot !== 'object' || slot === null) add(slot, (values) => put({ oneOf: values }));
  else if ('object' in slot) {
    for (const [name, member] of Object.entries(slot.object)) {
      inJson(member, (inner) => put({ ...slot, object: { ...slot.object, [name]: inner } }), add);
    }
  } else if ('array' in slot) {
    for (const [at, element] of slot.array.entries()) {
      inJson(element, (inner) => put({ array: slot.array.with(at, inner) }), add);
    }
  }
}
