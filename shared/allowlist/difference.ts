import { jsonDifferences } from './json-difference.ts';
import type { MatchContext } from './match-context.ts';
import { parseMediaType } from './media-type.ts';
import type { Parameters } from './parameter-parse.ts';
import { matchParameters } from './parameter-match.ts';
import { quote } from './quote.ts';
import type { ParsedBody } from './request.ts';
import type { Body, Parameter } from './rule.ts';
import { listWords, textSlotWords } from './slot-words.ts';
import { matchText } from './text-match.ts';

/** How received parameters depart from the ones expected, one phrase each. `what`: `query parameter` or `form field`. */
export function parametersDifferences(
  what: string,
  expected: readonly Parameter[],
  received: Parameters,
  context: MatchContext,
): string[] {
  const words: string[] = [];
  for (const parameter of expected) {
    const value = received.values.get(parameter.name);
    if (value !== undefined) words.push(...parameterDifference(what, parameter, value, context));
    else if (parameter.optional !== true && parameter.name !== '') {
      words.push(`${what} ${quote(parameter.name)} is missing`);
    }
  }
  const known = new Set(expected.map(({ name }) => name));
  const extra = [...received.values.keys()].filter((name) => !known.has(name));
  if (!known.has('')) words.push(...extra.map((name) => `${what} ${quote(name)} is not expected`));
  // What only the whole shows: a lone value that does not fit.
  if (words.length === 0 && matchParameters(expected)(received, context) === undefined) {
    words.push(`the ${what}s without a value do not fit`);
  }
  return words;
}

function parameterDifference(
  what: string,
  { name, value, values, each }: Parameter,
  received: string | readonly string[],
  context: MatchContext,
): string[] {
  const list = typeof received === 'string' ? [received] : received;
  const slots = each === undefined ? (values ?? [value ?? '']) : list.map(() => each.value);
  const [min, max] = each === undefined ? [slots.length, slots.length] : [each.min, each.max];
  if (list.length < min || list.length > max) {
    const times = min === max ? (min === 1 ? 'once' : `${min} times`) : `${min} to ${max} times`;
    return [`${what} ${quote(name)} is expected ${times}, came ${list.length} times`];
  }
  return list.flatMap((text, at) => {
    const slot = slots[at] ?? '';
    if (matchText(slot)(text, context) !== undefined) return [];
    return [`${what} ${quote(name)} is expected to be ${textSlotWords(slot)}, came ${quote(text)}`];
  });
}

/** How a received body departs from the one expected. */
export function bodyDifferences(
  expected: Body | undefined,
  received: ParsedBody,
  context: MatchContext,
): string[] {
  if (expected === undefined || expected.kind === 'none') {
    return received.kind === 'none' ? [] : ['no body is expected'];
  }
  if (received.kind === 'none') return ['a body is expected'];
  const type = parseMediaType(expected.contentType).name;
  if (received.type !== type) return [`the content type ${type} is expected, came ${quote(received.type)}`];
  if (expected.kind === 'form' && received.kind === 'form') {
    return parametersDifferences('form field', expected.form, received.form, context);
  }
  if (expected.kind === 'json' && received.kind === 'json') {
    return jsonDifferences(expected.json, received.json, '', context);
  }
  if (expected.kind === 'text' && received.kind === 'text') {
    if (matchText(expected.text)(received.text, context) !== undefined) return [];
    return [`the body is expected to be ${textSlotWords(expected.text)}, came ${quote(received.text)}`];
  }
  return [`a body of another kind is expected (${listWords([expected.kind], 'or')})`];
}
