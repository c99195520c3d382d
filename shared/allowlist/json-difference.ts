import { matchJson } from './json-match.ts';
import { isJsonArray, isJsonObject, jsonTypeOf, writeJson, type JsonValue } from './json-value.ts';
import type { MatchContext } from './match-context.ts';
import { quote } from './quote.ts';
import { jsonSlotWords } from './slot-words.ts';
import type { JsonSlot } from './slot.ts';

/** How received JSON departs from the slot, one phrase for each place. `place`: a JSON pointer (RFC 6901). */
export function jsonDifferences(
  slot: JsonSlot,
  value: JsonValue,
  place: string,
  context: MatchContext,
): string[] {
  if (typeof slot === 'object' && slot !== null) {
    if ('object' in slot && isJsonObject(value)) {
      return objectDifferences(slot.object, slot.optional ?? [], value, place, context);
    }
    if ('array' in slot && isJsonArray(value) && value.length === slot.array.length) {
      return value.flatMap((element, at) =>
        jsonDifferences(slot.array[at] ?? null, element, `${place}/${at}`, context),
      );
    }
    if ('each' in slot && isJsonArray(value) && value.length >= slot.min && value.length <= slot.max) {
      return value.flatMap((element, at) => jsonDifferences(slot.each, element, `${place}/${at}`, context));
    }
  }
  if (matchJson(slot)(value, context) !== undefined) return [];
  const came = typeof value === 'string' ? quote(value) : quote(writeJson(value)).slice(1, -1);
  return [
    `${memberWords(place)} is expected to be ${jsonSlotWords(slot)}, came the ${jsonTypeOf(value)} ${came}`,
  ];
}

function objectDifferences(
  members: Readonly<Record<string, JsonSlot>>,
  optional: readonly string[],
  value: ReadonlyMap<string, JsonValue>,
  place: string,
  context: MatchContext,
): string[] {
  const words: string[] = [];
  for (const [name, slot] of Object.entries(members)) {
    const inner = `${place}/${name}`;
    const content = value.get(name);
    if (content !== undefined) words.push(...jsonDifferences(slot, content, inner, context));
    else if (!optional.includes(name)) words.push(`${memberWords(inner)} is missing`);
  }
  for (const name of value.keys()) {
    if (!Object.hasOwn(members, name)) words.push(`${memberWords(`${place}/${name}`)} is not expected`);
  }
  return words;
}

const memberWords = (place: string) => (place === '' ? 'the JSON body' : `JSON member ${quote(place)}`);
