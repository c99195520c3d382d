import { z } from 'zod';
import { ExplicitListError, readLeaf } from './explicit-error.ts';
import { readJsonTemplate, readTextTemplate } from './explicit-slot.ts';
import { parseParameters } from './parameter-parse.ts';
import { parsePath } from './path-parse.ts';
import { Refused } from './refused.ts';
import { allowlistSchema, methods, type Allowlist, type Body, type Parameter, type Rule } from './rule.ts';
import type { TextSlot } from './slot.ts';

/**
 * Reads an explicit list of calls, as people write it:
 *
 * ```json
 * [
 *   { "path": "/dashboards/7?theme=dark" },
 *   { "path": ["api", "panels", { "integer": [1, 40] }] },
 *   { "path": "/api/v1/query_range",
 *     "query": { "query": "up", "start": { "time": ["-61m", "-59m"] }, "end": { "time": ["-1m", "+1m"] },
 *                "step": { "oneOf": ["14", "15"] }, "stats": { "optional": "all" },
 *                "match[]": { "values": ["a", "b"] } } },
 *   { "method": "POST", "path": "/api/values",
 *     "json": { "elementId": 101, "minutes": { "integer": [1, 60] } } },
 *   { "method": "POST", "path": "/search", "form": { "text": { "text": 40, "characters": "word" } } }
 * ]
 * ```
 *
 * A call has a `path` (text, or segments), and may have `method` (GET), `query`, and one of `json`, `form`
 * and `text`, with `contentType` where it is not the usual one. A value is itself, or one of:
 *
 * | form | meaning |
 * | --- | --- |
 * | `{"oneOf": ["a", "b"]}` | one of these |
 * | `{"integer": [1, 60]}` | a whole number, both ends included |
 * | `{"decimal": [0, 1], "places": 2}` | a decimal with at most so many places |
 * | `{"time": ["-1h", "now"], "format": "unix-s"}` | a moment relative to now (`s`, `m`, `h`, `d`), or between two RFC 3339 moments; `fraction`, `step` in milliseconds |
 * | `{"text": 64, "characters": "word"}` | text of at most so many characters of a class |
 * | `{"anyOf": [...]}` | what fits one of these |
 * | `{"optional": value}` | may be missing (parameters and JSON members) |
 * | `{"values": [...]}`, `{"each": value, "min": 1, "max": 5}` | a repeated parameter; in JSON, a list |
 * | `{"object": {...}}` | a JSON object whose own members are named like the forms above |
 *
 * @throws ExplicitListError naming the field that cannot be read
 */
export function explicitAllowlist(list: unknown): Allowlist {
  const calls = readLeaf(z.array(z.unknown()).min(1), list, 'the list');
  const rules = calls.map((call, at) => readCall(call, at));
  const read = allowlistSchema.safeParse({ version: 1, rules });
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const at = issue?.path[1];
  const place = typeof at === 'number' ? `call ${at + 1}` : 'the list';
  throw new ExplicitListError(place, issue?.message ?? 'is no allowlist');
}

const callSchema = z.strictObject({
  method: z.enum(methods).default('GET'),
  path: z.union(
    [
      z.string().startsWith('/', 'is text that starts with / or a list of segments'),
      z.array(z.unknown()).min(1),
    ],
    {
      error: 'is text that starts with / or a list of segments',
    },
  ),
  query: z.record(z.string(), z.unknown()).optional(),
  json: z.unknown().optional(),
  form: z.record(z.string(), z.unknown()).optional(),
  text: z.unknown().optional(),
  contentType: z.string().optional(),
});
type Call = z.infer<typeof callSchema>;

function readCall(given: unknown, at: number): Rule {
  const place = `call ${at + 1}`;
  const call = readLeaf(callSchema, given, place);
  const { path, query } = readTarget(call, place);
  const parameters = [...query, ...readParameters(call.query, `${place} query`)];
  const body = readBody(call, place);
  return {
    id: `r${at + 1}`,
    method: call.method,
    path,
    ...(parameters.length === 0 ? {} : { query: parameters }),
    ...(body === undefined ? {} : { body }),
  };
}

function readTarget({ path }: Call, place: string): { path: TextSlot[]; query: Parameter[] } {
  if (typeof path !== 'string') {
    return {
      path: path.map((segment, at) => readTextTemplate(segment, `${place} path ${at + 1}`)),
      query: [],
    };
  }
  const mark = path.indexOf('?');
  try {
    const segments = parsePath(mark === -1 ? path : path.slice(0, mark));
    const { values } = parseParameters(mark === -1 ? '' : path.slice(mark + 1));
    const query = Array.from(values, ([name, value]): Parameter =>
      typeof value === 'string' ? { name, value } : { name, values: [...value] },
    );
    return { path: segments, query };
  } catch (error) {
    if (error instanceof Refused) throw new ExplicitListError(`${place} path`, error.message);
    throw error;
  }
}

const repeated = z.union([
  z.strictObject({ values: z.array(z.unknown()).min(1) }),
  z.strictObject({ each: z.unknown(), min: z.number(), max: z.number() }),
]);
const optional = z.strictObject({ optional: z.unknown() });

function readParameters(given: Record<string, unknown> | undefined, place: string): Parameter[] {
  return Object.entries(given ?? {}).map(([name, value]) => readParameter(name, value, `${place} ${name}`));
}

function readParameter(name: string, value: unknown, place: string): Parameter {
  const maybe = optional.safeParse(value);
  if (maybe.success) return { ...readParameter(name, maybe.data.optional, place), optional: true };
  const several = repeated.safeParse(value);
  if (!several.success) return { name, value: readTextTemplate(value, place) };
  if ('values' in several.data) {
    return {
      name,
      values: several.data.values.map((one, at) => readTextTemplate(one, `${place} values ${at + 1}`)),
    };
  }
  const { each, min, max } = several.data;
  return { name, each: { value: readTextTemplate(each, `${place} each`), min, max } };
}

function readBody(call: Call, place: string): Body | undefined {
  const given = (['json', 'form', 'text'] as const).filter((kind) => call[kind] !== undefined);
  if (given.length > 1) throw new ExplicitListError(place, 'has one body: json, form or text');
  const { contentType } = call;
  switch (given[0]) {
    case undefined:
      return contentType === undefined ? undefined : { kind: 'none', contentType };
    case 'json':
      return {
        kind: 'json',
        contentType: contentType ?? 'application/json',
        json: readJsonTemplate(call.json, `${place} json`),
      };
    case 'form':
      return {
        kind: 'form',
        contentType: contentType ?? 'application/x-www-form-urlencoded',
        form: readParameters(call.form, `${place} form`),
      };
    case 'text':
      return {
        kind: 'text',
        contentType: contentType ?? 'text/plain',
        text: readTextTemplate(call.text, `${place} text`),
      };
  }
}
