import { bodyWords, describeRule, parameterWords, pathWords, spanWords } from './describe.ts';
import type { Allowlist, Parameter, Rule } from './rule.ts';
import { groupBy } from './volatile-fields.ts';

/** How a dashboard's calls changed, for the owner to accept or not. */
export interface AllowlistDiff {
  /** Rules that admit calls of a new kind. */
  readonly added: readonly DiffLine[];
  readonly removed: readonly DiffLine[];
  /** Rules for the same method and path whose values changed. */
  readonly changed: readonly DiffLine[];
}

export interface DiffLine {
  /** Id in the new allowlist; in the old one for removed rules. */
  readonly rule: string;
  readonly text: string;
}

/** Compares by what rules admit; ids and order do not count. */
export function diffAllowlists(before: Allowlist, after: Allowlist): AllowlistDiff {
  const same = new Set(before.rules.map(contentOf));
  const kept = new Set(after.rules.map(contentOf));
  const gone = before.rules.filter((rule) => !kept.has(contentOf(rule)));
  const come = after.rules.filter((rule) => !same.has(contentOf(rule)));
  const goneByPlace = groupBy(gone, placeOf);
  const changed: DiffLine[] = [];
  const added: DiffLine[] = [];
  for (const rule of come) {
    const candidates = goneByPlace.get(placeOf(rule)) ?? [];
    const old = mostAlike(candidates, rule);
    if (old === undefined) added.push({ rule: rule.id, text: describeRule(rule) });
    else {
      candidates.splice(candidates.indexOf(old), 1);
      changed.push({
        rule: rule.id,
        text: `${rule.method} ${pathWords(rule.path)}: ${changes(old, rule).join('; ')}`,
      });
    }
  }
  const removed = [...goneByPlace.values()]
    .flat()
    .map((rule) => ({ rule: rule.id, text: describeRule(rule) }));
  return { added, removed, changed };
}

/** The difference as lines for a terminal or a page; empty when nothing changed. */
export const diffLines = ({ added, removed, changed }: AllowlistDiff): string[] => [
  ...added.map(({ text }) => `+ ${text}`),
  ...removed.map(({ text }) => `- ${text}`),
  ...changed.map(({ text }) => `~ ${text}`),
];

const contentOf = ({ id: _, ...content }: Rule) => JSON.stringify(content);
const placeOf = ({ method, path }: Rule) => JSON.stringify([method, path]);

function mostAlike(candidates: readonly Rule[], rule: Rule): Rule | undefined {
  const ranked = candidates.map((old) => ({ old, count: changes(old, rule).length }));
  return ranked.sort((a, b) => a.count - b.count)[0]?.old;
}

function changes(old: Rule, rule: Rule): string[] {
  const words = [
    ...parameterChanges('query parameter', old.query ?? [], rule.query ?? []),
    ...bodyChanges(old, rule),
  ];
  const spans = (rule.spans ?? []).filter(
    (span) => JSON.stringify(old.spans ?? []).includes(JSON.stringify(span)) === false,
  );
  return [...words, ...spans.map((span) => `${spanWords(span)} now`)];
}

function parameterChanges(what: string, old: readonly Parameter[], list: readonly Parameter[]): string[] {
  const before = new Map(old.map((parameter) => [parameter.name, parameter]));
  const after = new Map(list.map((parameter) => [parameter.name, parameter]));
  return [
    ...list.flatMap((parameter) => {
      const was = before.get(parameter.name);
      if (was === undefined) return [`${what} ${parameterWords(parameter)} is new`];
      if (JSON.stringify(was) === JSON.stringify(parameter)) return [];
      return [`${what} ${parameterWords(parameter)}, was ${valueWords(was)}`];
    }),
    ...old.filter(({ name }) => !after.has(name)).map(({ name }) => `${what} ${name} is gone`),
  ];
}

const valueWords = (parameter: Parameter) => {
  const words = parameterWords(parameter);
  return words.includes(' = ') ? words.slice(words.indexOf(' = ') + 3) : words;
};

function bodyChanges({ body: old }: Rule, { body }: Rule): string[] {
  if (JSON.stringify(old) === JSON.stringify(body)) return [];
  if (old?.kind === 'form' && body?.kind === 'form')
    return parameterChanges('form field', old.form, body.form);
  if (body === undefined) return ['there is no body any more'];
  return [`the body is ${bodyWords(body)}, was ${old === undefined ? 'none' : bodyWords(old)}`];
}
