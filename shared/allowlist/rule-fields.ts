import { isJsonArray, isJsonObject, jsonTypeOf, type JsonValue } from './json-value.ts';
import type { Parameters } from './parameter-parse.ts';
import type { ParsedRequest } from './request.ts';
import type { Parameter, Rule } from './rule.ts';
import type { JsonSlot, TextSlot } from './slot.ts';

/**
 * A place in a request that a rule may pin. Rules of one path are found by the values they pin there,
 * so that ten thousand of them cost as much as one.
 */
export interface Field {
  /** Equal for the same place in different rules. */
  readonly id: string;
  /** The value's key in a request, undefined where the place is missing. */
  readonly keyOf: (request: ParsedRequest) => string | undefined;
}

export interface PinnedField extends Field {
  /** Keys of the values that the rule accepts there. */
  readonly keys: readonly string[];
}

/** Larger sets are not spread over the index but compared at the end. */
const mostKeys = 256;

/** Every place where the rule always has one of few known values. */
export function pinnedFields(rule: Rule): PinnedField[] {
  const { body } = rule;
  const fields = pinnedParameters(rule.query ?? [], 'query', (request) => request.query);
  if (body?.kind === 'form') {
    fields.push(
      ...pinnedParameters(body.form, 'form', ({ body }) => (body.kind === 'form' ? body.form : undefined)),
    );
  }
  if (body?.kind === 'json') collectJson(body.json, [], fields);
  return fields;
}

function pinnedParameters(
  list: readonly Parameter[],
  place: string,
  parametersOf: (request: ParsedRequest) => Parameters | undefined,
): PinnedField[] {
  return list.flatMap(({ name, value, optional }) => {
    const keys = value === undefined || optional === true || name === '' ? undefined : textKeys(value);
    if (keys === undefined) return [];
    const keyOf = (request: ParsedRequest) => {
      const received = parametersOf(request)?.values.get(name);
      return typeof received === 'string' ? received : undefined;
    };
    return [{ id: `${place} ${name}`, keys, keyOf }];
  });
}

function textKeys(slot: TextSlot): readonly string[] | undefined {
  if (typeof slot === 'string') return [slot];
  return 'oneOf' in slot && slot.oneOf.length <= mostKeys ? slot.oneOf : undefined;
}

function collectJson(slot: JsonSlot, pointer: readonly (string | number)[], fields: PinnedField[]): void {
  if (typeof slot === 'object' && slot !== null) {
    if ('object' in slot) {
      for (const [name, member] of Object.entries(slot.object)) {
        if (slot.optional?.includes(name) !== true) collectJson(member, [...pointer, name], fields);
      }
      return;
    }
    if ('array' in slot) {
      for (const [at, element] of slot.array.entries()) collectJson(element, [...pointer, at], fields);
      return;
    }
  }
  const keys = jsonKeys(slot);
  if (keys === undefined) return;
  const keyOf = (request: ParsedRequest) =>
    request.body.kind === 'json' ? jsonKey(valueAt(request.body.json, pointer)) : undefined;
  fields.push({ id: `json ${JSON.stringify(pointer)}`, keys, keyOf });
}

function jsonKeys(slot: JsonSlot): readonly string[] | undefined {
  if (typeof slot !== 'object' || slot === null) return [jsonKey(slot) ?? ''];
  if ('string' in slot) return textKeys(slot.string)?.map((text) => jsonKey(text) ?? '');
  return 'oneOf' in slot && slot.oneOf.length <= mostKeys
    ? slot.oneOf.map((one) => jsonKey(one) ?? '')
    : undefined;
}

const jsonKey = (value: JsonValue | undefined): string | undefined =>
  value === undefined || (typeof value === 'object' && value !== null)
    ? undefined
    : `${jsonTypeOf(value)} ${String(value)}`;

function valueAt(value: JsonValue, pointer: readonly (string | number)[]): JsonValue | undefined {
  let found: JsonValue | undefined = value;
  for (const step of pointer) {
    if (found === undefined) return undefined;
    if (typeof step === 'number') found = isJsonArray(found) ? found[step] : undefined;
    else found = isJsonObject(found) ? found.get(step) : undefined;
  }
  return found;
}
