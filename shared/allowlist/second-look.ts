import type { RuleDraft } from './rule-draft.ts';
import { isStaticAsset, type Sample } from './sample.ts';
import { sizeNames } from './slot-guess.ts';

/** Calls and values that a sharer should look at again although they are pinned. */
export function secondLook(
  { rule, samples }: RuleDraft,
  all: ReadonlyMap<string, number>,
): RuleDraft['warnings'] {
  const [sample] = samples;
  const method =
    rule.method === 'PUT' || rule.method === 'PATCH' || rule.method === 'DELETE'
      ? [{ slot: 'method', text: `${rule.method} changes something in the on-prem system` }]
      : [];
  if (sample === undefined || isStaticAsset(sample.request)) return method;
  return [
    ...method,
    ...[...sample.fields].flatMap(([place, { value, time }]) => {
      if (time !== undefined || (typeof value !== 'string' && typeof value !== 'number')) return [];
      const text = String(value);
      if (secretNames.test(place))
        return [{ slot: place, text: 'looks like a secret, and is stored with the share' }];
      if (sizeNames.test(place) && samples.every(({ fields }) => fields.get(place)?.value === value)) {
        return [
          {
            slot: place,
            text: `stays ${text}; where it follows the size of the window, record in several sizes`,
          },
        ];
      }
      if (samples.length > 1 || !looksRandom(text) || (all.get(text) ?? 0) > 1) return [];
      return [
        {
          slot: place,
          text: 'looks random and was seen once; if it changes with every opening, record again',
        },
      ];
    }),
  ];
}

const secretNames = /(?:token|api_?key|apikey|secret|signature|[ /._-]sig|auth)$/i;

const looksRandom = (text: string) =>
  /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text) ||
  (/^[\w+/=-]{16,}$/.test(text) && /[0-9]/.test(text) && /[a-z]/i.test(text));

/** How many fields hold each text, to tell a name that is used again from one made up for a single call. */
export function countTexts(samples: readonly Sample[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { fields } of samples) {
    for (const { value } of fields.values()) {
      if (typeof value === 'string') counts.set(value, (counts.get(value) ?? 0) + 1);
    }
  }
  return counts;
}
