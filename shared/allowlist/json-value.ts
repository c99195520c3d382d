/** Parsed JSON. Members are kept in a Map, so that no name can touch a prototype. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
export type JsonObject = ReadonlyMap<string, JsonValue>;

/** The type's name in words for people. */
export function jsonTypeOf(value: JsonValue): 'text' | 'number' | 'boolean' | 'null' | 'list' | 'object' {
  if (value === null) return 'null';
  if (typeof value === 'string') return 'text';
  if (typeof value === 'number') return 'number';
  if (typeof value === 'boolean') return 'boolean';
  return value instanceof Map ? 'object' : 'list';
}

export const isJsonObject = (value: JsonValue): value is JsonObject => value instanceof Map;
export const isJsonArray = (value: JsonValue): value is readonly JsonValue[] => Array.isArray(value);

/** JSON text without white space, numbers as ECMAScript writes them. */
export function writeJson(value: JsonValue): string {
  if (isJsonObject(value)) {
    return `{${Array.from(value, ([name, member]) => `${JSON.stringify(name)}:${writeJson(member)}`).join(',')}}`;
  }
  if (isJsonArray(value)) return `[${value.map(writeJson).join(',')}]`;
  return JSON.stringify(value);
}
