import { collapse } from './collapse.ts';
import { compileAllowlist } from './compile.ts';
import { admit } from './decide.ts';
import { joinHashedDirectories } from './hashed-directory.ts';
import type { Inference, InferenceWarning, Recording } from './inference.ts';
import { mergeJson } from './json-merge.ts';
import { readCalls } from './recorded-calls.ts';
import { showsSeveralRounds } from './rounds.ts';
import { allowlistSchema } from './rule.ts';
import { draftRule, type RuleDraft } from './rule-draft.ts';
import type { Sample } from './sample.ts';
import { countTexts, secondLook } from './second-look.ts';
import { splitByTime } from './time-split.ts';
import { groupBy, keyOf, markVolatile, type Draft } from './volatile-fields.ts';

export type { IgnoredCall, Inference, InferenceWarning, Recording } from './inference.ts';

/**
 * Makes the narrowest allowlist that admits every recorded call to the dashboard's own origin, and the same
 * calls at later times. What stays the same is pinned; times become windows around now; what else changes
 * from one refresh to the next becomes the narrowest typed slot, with a warning.
 * @throws ZodError when the recording needs more than an allowlist may hold
 */
export function inferAllowlist(recording: Recording): Inference {
  const { samples, ignored } = readCalls(recording);
  const drafts = samples.map((sample): Draft => ({ sample, volatile: new Set() }));
  const refreshes = refreshesOf(samples);
  markVolatile(drafts, refreshes);
  const groups = groupBy(
    drafts,
    (draft) => `${draft.sample.shape}\n${keyOf(draft, [...draft.sample.fields.keys()])}`,
  );
  const alike = [...groups.values()].flatMap((group) => splitByTime(group.map(({ sample }) => sample)));
  const rules = collapse(joinHashedDirectories(draftRules(alike, refreshes)));
  const texts = countTexts(samples);
  const warnings = rules.flatMap((draft, at) =>
    [...draft.warnings, ...secondLook(draft, texts)].map((warning): InferenceWarning => ({
      rule: idAt(at),
      ...warning,
    })),
  );
  const allowlist = allowlistSchema.parse({
    version: 1,
    rules: rules.map(({ rule }, at) => ({ id: idAt(at), ...rule })),
  });
  const compiled = compileAllowlist(allowlist);
  const missed = samples.filter(({ request, at }) => admit(compiled, request, at) === undefined);
  const why = 'no rule could be made that admits it';
  return {
    allowlist,
    warnings,
    ignored: [...ignored, ...missed.map(({ request }) => ({ url: `/${request.path.join('/')}`, why }))],
  };
}

const idAt = (at: number) => `r${at + 1}`;

/** One rule for each group; groups whose JSON bodies changed their structure between refreshes share one. */
function draftRules(groups: readonly Sample[][], refreshes: number): RuleDraft[] {
  const singles = groups.filter((group) => group.length === 1);
  const byCall = groupBy(
    singles.flatMap((group) => group.filter(({ request }) => request.body.kind === 'json')),
    (sample) => JSON.stringify([sample.request.method, outside(sample)]),
  );
  const merged = [...byCall.values()].filter(
    (alike) =>
      alike.length > 1 &&
      new Set(alike.map(({ shape }) => shape)).size > 1 &&
      showsSeveralRounds(
        alike.map(({ har, at }) => ({ har, at, values: [] })),
        refreshes,
      ),
  );
  const taken = new Set(merged.flat());
  const plain = groups
    .filter(([first]) => first === undefined || !taken.has(first))
    .map((group) => draftRule(group));
  return [...plain, ...merged.map(draftMerged)];
}

function draftMerged(samples: readonly Sample[]): RuleDraft {
  const seen = samples.flatMap(({ har, at, request: { body } }) =>
    body.kind === 'json' ? [{ har, at, value: body.json }] : [],
  );
  const slot = mergeJson(seen);
  return draftRule(samples, {
    slot,
    warnings: [
      {
        slot: 'json',
        text: 'the structure of the body changed between calls, so its parts may come in other combinations',
      },
    ],
  });
}

/** What a call holds outside its body, moments apart. */
const outside = ({ fields, request }: Sample) =>
  [...fields]
    .filter(([place]) => !place.startsWith('json '))
    .map(([place, { value, time }]) => [place, time === undefined ? value : time.format])
    .concat([[request.path.length]]);

/** How often the most repeated call came within one recording, calls of one moment counted once. */
function refreshesOf(samples: readonly Sample[]): number {
  const repeated = groupBy(samples, (sample) => {
    const places = [...sample.fields.keys()];
    return `${sample.har}\n${sample.shape}\n${keyOf({ sample, volatile: new Set() }, places)}`;
  });
  return Math.max(
    0,
    ...Array.from(repeated.values(), (same) => new Set(same.map(({ at }) => Math.round(at / 1000))).size),
  );
}
