import type { CompiledAllowlist } from './compile.ts';
import { pathWords, spanWords } from './describe.ts';
import { bodyDifferences, parametersDifferences } from './difference.ts';
import { limits } from './limits.ts';
import type { MatchContext } from './match-context.ts';
import { serializePath } from './path-parse.ts';
import { quote } from './quote.ts';
import type { ParsedRequest } from './request.ts';
import type { Rule } from './rule.ts';
import { matchSegment, spanHolds } from './rule-match.ts';

/** The rule that came closest to a request that none admits, and how they differ. */
export interface Explanation {
  readonly nearestRule?: string;
  /** One sentence in plain English. */
  readonly difference: string;
}

/**
 * Compares a refused request with at most 64 rules whose path and values are most alike.
 * @param now Unix milliseconds
 */
export function explain(compiled: CompiledAllowlist, request: ParsedRequest, now: number): Explanation {
  let best: { rule: Rule; differences: string[]; distance: number } | undefined;
  for (const rule of nearRules(compiled, request, now)) {
    const { differences, distance } = compare(rule, request, now);
    if (best === undefined || distance < best.distance) best = { rule, differences, distance };
  }
  if (best === undefined) return { difference: `No rule admits any ${request.method} call.` };
  const [first = 'they differ', ...others] = best.differences;
  const more =
    others.length === 0 ? '' : `; ${others.length} more difference${others.length === 1 ? '' : 's'}`;
  return { nearestRule: best.rule.id, difference: `${sentence(first)}${more}.` };
}

const longestSentence = 600;

function sentence(phrase: string): string {
  const text = phrase.length > longestSentence ? `${phrase.slice(0, longestSentence)}…` : phrase;
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function nearRules({ tries }: CompiledAllowlist, request: ParsedRequest, now: number): Rule[] {
  const own = tries.get(request.method);
  const others = [...tries.values()].filter((trie) => trie !== own);
  const count = limits.comparedRules;
  const rules = [...(own === undefined ? [] : [own]), ...others].flatMap((trie) => {
    const indexes = trie.near(request.path, now, count);
    return indexes.flatMap((index) => index.near(request, count)).slice(0, count);
  });
  return rules.slice(0, 2 * count).map(({ rule }) => rule);
}

/** How a request departs from a rule. No differences means that the rule admits it. */
export function compare(
  rule: Rule,
  request: ParsedRequest,
  now: number,
): { differences: string[]; distance: number } {
  const context = { now, times: new Map<string, number>() };
  const path = pathDifference(rule, request, context);
  const rest = [
    ...parametersDifferences('query parameter', rule.query ?? [], request.query, context),
    ...bodyDifferences(rule.body, request.body, context),
  ];
  const spans = (rule.spans ?? [])
    .filter((span) => !spanHolds(span, context.times))
    .map((span) => `the rule expects that ${spanWords(span)}, which does not hold`);
  const method =
    rule.method === request.method
      ? []
      : [`the rule expects the method ${rule.method}, came ${request.method}`];
  // A rule of another path says little about this call, whatever else fits.
  const distance = path.distance * 100 + method.length * 50 + rest.length + spans.length;
  return { differences: [...path.words, ...method, ...rest, ...spans], distance };
}

function pathDifference(rule: Rule, { path }: ParsedRequest, context: MatchContext) {
  const length = Math.max(rule.path.length, path.length);
  let distance = 0;
  for (let at = 0; at < length; at++) {
    const [slot, segment] = [rule.path[at], path[at]];
    if (slot === undefined || segment === undefined) distance++;
    else if (matchSegment(slot)(segment, context) === undefined) distance++;
  }
  const words = `the rule expects the path ${pathWords(rule.path)}, came ${quote(serializePath(path))}`;
  return { distance, words: distance === 0 ? [] : [words] };
}
