import { isJsonArray, isJsonObject, type JsonValue } from './json-value.ts';
import { bodyKindOf, type Body, type Parameter, type Rule } from './rule.ts';
import { loneValueOf, pointerStep, type Sample } from './sample.ts';
import { SlotDrafts } from './slot-draft.ts';
import type { JsonSlot } from './slot.ts';

/** A rule before it has its id, with what the sharer should know about it. */
export interface RuleDraft {
  readonly rule: Omit<Rule, 'id'>;
  readonly warnings: readonly { readonly slot: string; readonly text: string }[];
  readonly samples: readonly Sample[];
}

/**
 * The rule that a group of alike calls becomes.
 * @param json what the JSON body becomes, where the calls' bodies differ in their structure
 */
export function draftRule(group: readonly Sample[], json?: RuleDraftBody): RuleDraft {
  const samples = [...group].sort((a, b) => a.at - b.at);
  const [first] = samples;
  if (first === undefined) throw new RangeError('a rule is drafted from at least one call');
  const slots = new SlotDrafts(samples);
  const { method, path, query } = first.request;
  const parameters = draftParameters('query', query, samples, slots);
  const body = json === undefined ? draftBody(first, samples, slots) : jsonBody(first, json.slot);
  const rule = {
    method,
    path: path.map((_, at) => slots.text(`path ${at}`)),
    ...(parameters.length === 0 ? {} : { query: parameters }),
    ...(body === undefined ? {} : { body }),
    ...(slots.spans().length === 0 ? {} : { spans: slots.spans() }),
  };
  return { rule, warnings: [...slots.warnings, ...(json?.warnings ?? [])], samples };
}

export interface RuleDraftBody {
  readonly slot: JsonSlot;
  readonly warnings: RuleDraft['warnings'];
}

function draftParameters(
  place: 'query' | 'form',
  { values, bare }: Sample['request']['query'],
  samples: readonly Sample[],
  slots: SlotDrafts,
): Parameter[] {
  const lone =
    place === 'query' ? loneValueOf({ values, ...(bare === undefined ? {} : { bare }) }) : undefined;
  return Array.from(values, ([name, value]): Parameter => {
    if (name === lone) return { name: '', value: slots.text('query '), bare: true };
    const plus = samples.some((sample) => sample.plus.has(`${place} ${name}`)) ? { plus: true as const } : {};
    if (typeof value !== 'string') {
      return { name, values: value.map((_, at) => slots.text(`${place} ${name} ${at}`)), ...plus };
    }
    return bare?.has(name) === true
      ? { name, value: '', bare: true }
      : { name, value: slots.text(`${place} ${name}`), ...plus };
  });
}

function draftBody(first: Sample, samples: readonly Sample[], slots: SlotDrafts): Body | undefined {
  const { body } = first.request;
  const { contentType = '' } = first;
  switch (body.kind) {
    case 'none':
      return bodyKindOf(contentType) === undefined ? undefined : { kind: 'none', contentType };
    case 'form':
      return { kind: 'form', contentType, form: draftParameters('form', body.form, samples, slots) };
    case 'json':
      return jsonBody(first, draftJson(body.json, '', slots));
    case 'text':
      return { kind: 'text', contentType, text: slots.text('text') };
  }
}

const jsonBody = ({ contentType = '' }: Sample, json: JsonSlot): Body => ({
  kind: 'json',
  contentType,
  json,
});

function draftJson(value: JsonValue, pointer: string, slots: SlotDrafts): JsonSlot {
  if (isJsonObject(value)) {
    const members = Array.from(value, ([name, member]): [string, JsonSlot] => {
      return [name, draftJson(member, `${pointer}/${pointerStep(name)}`, slots)];
    });
    return { object: Object.fromEntries(members) };
  }
  if (isJsonArray(value))
    return { array: value.map((element, at) => draftJson(element, `${pointer}/${at}`, slots)) };
  return slots.json(`json ${pointer}`);
}
