import type { HttpRequest } from '@azure/functions';
import type { z } from 'zod';
import { Problem, type FieldError } from '../../shared/problem.ts';

/** Room for an allowlist of 10,000 rules, and still a document that the store takes. */
export const mostShareBytes = 1_800_000;

/** Reads a body up to a limit. @throws Problem payload-too-large */
export async function readBody(request: HttpRequest, mostBytes: number): Promise<Buffer> {
  const tooLarge = () => new Problem('payload-too-large', `The body may have at most ${mostBytes} bytes.`);
  if (Number(request.headers.get('content-length') ?? 0) > mostBytes) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > mostBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function mediaType(request: HttpRequest): string {
  return (request.headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

function requireMediaType(request: HttpRequest, wanted: string): void {
  if (mediaType(request) !== wanted) {
    throw new Problem('unsupported-media-type', `Send the body as ${wanted}.`);
  }
}

/** The text of a body. @throws Problem invalid-request unless it is UTF-8 */
function utf8(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    throw new Problem('invalid-request', 'The body is not valid UTF-8.');
  }
}

/** An allowlist nests 32 levels of a JSON body, two objects each; schemas recurse, and the stack is finite. */
const mostNesting = 100;

/** Counts brackets outside of strings, in one pass; wrong JSON is somebody else's finding. */
function nestsDeeper(text: string, levels: number): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '\\' && inString) at++;
    else if (character === '"') inString = !inString;
    else if (inString) continue;
    else if (character === '[' || character === '{') depth++;
    else if (character === ']' || character === '}') depth--;
    if (depth > levels) return true;
  }
  return false;
}

/** Checks a value against a schema. @throws Problem invalid-request that names each field */
export function parseFields<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const errors: FieldError[] = result.error.issues.slice(0, 20).flatMap((issue) => {
    const at = issue.path.map(String);
    // A member too many is named itself, not the object that holds it.
    const names = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...at, key]) : [at];
    return names.map((path) => ({ field: path.join('.').slice(0, 200) || 'body', detail: issue.message }));
  });
  const named = errors.map(({ field }) => field).join(', ');
  throw new Problem('invalid-request', `Not valid: ${named}.`, { errors });
}

/**
 * A JSON body, checked.
 * @throws Problem unsupported-media-type, payload-too-large, invalid-request
 */
export async function readJson<T>(
  request: HttpRequest,
  schema: z.ZodType<T>,
  mostBytes = 65_536,
): Promise<T> {
  requireMediaType(request, 'application/json');
  const text = utf8(await readBody(request, mostBytes));
  if (nestsDeeper(text, mostNesting)) {
    const detail = `Nested more than ${mostNesting} levels deep.`;
    throw new Problem('invalid-request', detail, { errors: [{ field: 'body', detail }] });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Problem('invalid-request', 'The body is not valid JSON.', {
      errors: [{ field: 'body', detail: 'Not valid JSON.' }],
    });
  }
  return parseFields(schema, value);
}

/**
 * A form body as its fields. A field that is given twice is refused (RFC 6749 section 3.2 demands it).
 * @throws Problem unsupported-media-type, payload-too-large, invalid-request
 */
export async function readForm(request: HttpRequest, mostBytes = 65_536): Promise<Record<string, string>> {
  requireMediaType(request, 'application/x-www-form-urlencoded');
  const form = new URLSearchParams(utf8(await readBody(request, mostBytes)));
  const fields: Record<string, string> = {};
  for (const [name, value] of form) {
    if (Object.hasOwn(fields, name)) {
      throw new Problem('invalid-request', `The field ${name.slice(0, 50)} is given twice.`, {
        errors: [{ field: name.slice(0, 50), detail: 'Given twice.' }],
      });
    }
    fields[name] = value;
  }
  return fields;
}
