import { matchText, type TextMatch } from './text-match.ts';
import { encodeParameter, encodeSegment } from './percent.ts';
import type { ParsedRequest } from './request.ts';
import type { Method, Parameter, Rule } from './rule.ts';
import type { AdmittedCall } from './rule-match.ts';
import { TextTable } from './text-table.ts';

/** More kinds of rules than this are looked up in the trie alone: each family is tried in turn. */
const mostFamilies = 8;
const fewestRules = 16;
/** A literal's length has to fit the table. */
const longestLiteral = 4_096;

interface Step {
  readonly name: string;
  /** The parameter's name as it is written, with `=`. */
  readonly start: string;
  readonly plus: boolean;
  /** The slot; undefined for a literal. */
  readonly match: TextMatch | undefined;
}

/**
 * Rules that differ in their literals only. What they have in common is kept once, and the literals in one table: a
 * decision then fetches two lines of memory for its rule, however many rules there are.
 */
export class RuleFamily {
  readonly #method: Method;
  readonly #steps: readonly Step[];
  readonly #depth: number;
  /** For each segment and literal, the text that all rules have there; undefined where they differ. */
  readonly #common: readonly (string | undefined)[];
  readonly #table: TextTable;
  readonly #ids: readonly string[];

  constructor(rules: readonly Rule[], first: Rule) {
    this.#method = first.method;
    this.#depth = first.path.length;
    this.#steps = (first.query ?? []).map(stepOf);
    this.#ids = rules.map(({ id }) => id);
    const literals = rules.map(literalsOf);
    this.#common = literalsOf(first).map((text, at) =>
      literals.every((texts) => texts[at] === text) ? text : undefined,
    );
    this.#table = new TextTable(
      literals.map((texts) => texts.filter((_, at) => this.#common[at] === undefined)),
    );
  }

  /** The call that the request becomes, or undefined when no rule of this family admits it. */
  find({ path, query, body }: ParsedRequest, now: number): AdmittedCall | undefined {
    if (path.length !== this.#depth || body.kind !== 'none') return undefined;
    if (query.values.size !== this.#steps.length) return undefined;
    const differing: string[] = [];
    let target = '';
    for (let at = 0; at < path.length; at++) {
      const segment = path[at] ?? '';
      if (!this.#take(at, segment, differing)) return undefined;
      target += `/${encodeSegment(segment)}`;
    }
    let at = path.length;
    let separator = '?';
    for (const { name, start, plus, match } of this.#steps) {
      const value = query.values.get(name);
      if (typeof value !== 'string') return undefined;
      const written = match === undefined ? value : match(value, { now });
      if (written === undefined) return undefined;
      if (match === undefined && !this.#take(at++, value, differing)) return undefined;
      target += separator + start + encodeParameter(written, plus);
      separator = '&';
    }
    const ruleId = this.#ids[this.#table.find(differing)];
    return ruleId === undefined ? undefined : { ruleId, method: this.#method, target };
  }

  #take(at: number, text: string, differing: string[]): boolean {
    const common = this.#common[at];
    if (common !== undefined) return common === text;
    differing.push(text);
    return true;
  }
}

/**
 * The families among the rules of one method. Only rules of literal paths that no other rule has: the trie would try
 * each of them first as well, so both ways give the same answer.
 */
export function familiesOf(rules: readonly Rule[]): RuleFamily[] {
  const byPath = Map.groupBy(rules, ({ path }) => JSON.stringify(path));
  const alone = [...byPath.values()].flatMap((alike) => (alike.length === 1 ? alike : []));
  const byKind = Map.groupBy(alone.filter(isPlain), kindOf);
  const large = [...byKind.values()].filter(({ length }) => length >= fewestRules);
  if (large.length > mostFamilies) return [];
  return large.flatMap((members) => (members[0] === undefined ? [] : new RuleFamily(members, members[0])));
}

const isPlain = ({ path, query = [], body, spans }: Rule) =>
  body === undefined &&
  spans === undefined &&
  path.every(isShortLiteral) &&
  query.every(
    ({ name, value, optional, bare }) =>
      name !== '' &&
      optional !== true &&
      bare !== true &&
      (isShortLiteral(value) || typeof value === 'object'),
  );

const isShortLiteral = (slot: unknown) => typeof slot === 'string' && slot.length <= longestLiteral;

/** Equal for rules that differ in their literals only. */
const kindOf = ({ path, query = [] }: Rule) =>
  JSON.stringify([
    path.length,
    query.map((parameter) => (isLiteral(parameter) ? { ...parameter, value: 0 } : parameter)),
  ]);

const isLiteral = ({ value }: Parameter) => typeof value === 'string';

const literalsOf = ({ path, query = [] }: Rule): string[] =>
  [...path, ...query.map(({ value }) => value)].filter((slot) => typeof slot === 'string');

function stepOf({ name, value, plus }: Parameter): Step {
  const match = typeof value === 'string' || value === undefined ? undefined : matchText(value);
  return { name, start: `${encodeParameter(name)}=`, plus: plus === true, match };
}
