import { z } from 'zod';
import { limits } from './limits.ts';
import { parseMediaType } from './media-type.ts';
import { parameterNameFlaw } from './parameter-parse.ts';
import { segmentFlaw } from './path-parse.ts';
import { Refused } from './refused.ts';
import { jsonSlotSchema, textSlotSchema, type JsonSlot, type TextSlot } from './slot.ts';

/** The calls that one share may make, and nothing else (DESIGN.md section 7). */
export interface Allowlist {
  readonly version: 1;
  readonly rules: readonly Rule[];
}

export const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
export type Method = (typeof methods)[number];

/** One call, or the calls that differ only in their slots. */
export interface Rule {
  /** Unique in its allowlist. */
  readonly id: string;
  readonly method: Method;
  /** Decoded segments: `/api/` is `["api", ""]`, `/` is `[""]`. A slot never fits an empty segment. */
  readonly path: readonly TextSlot[];
  /** No parameter when absent. Written to the on-prem side in this order. */
  readonly query?: readonly Parameter[];
  /** No body when absent. */
  readonly body?: Body;
  /** How far apart two named moments of one call may be, in milliseconds, both ends included. */
  readonly spans?: readonly Span[];
}

/** One query or form parameter; `value` once, or a repeated one as `values` (exactly these) or `each`. */
export interface Parameter {
  readonly name: string;
  readonly value?: TextSlot;
  readonly values?: readonly TextSlot[];
  readonly each?: { readonly value: TextSlot; readonly min: number; readonly max: number };
  readonly optional?: true;
  /** Written without `=`; its value is empty. */
  readonly bare?: true;
  /** Spaces are written `+` rather than `%20`, for servers that tell them apart. */
  readonly plus?: true;
}

/**
 * `none` sends only a content type; `text` is any other media type, in UTF-8.
 * Content types are written to the on-prem side as they stand here.
 */
export type Body =
  | { readonly kind: 'none'; readonly contentType: string }
  | { readonly kind: 'form'; readonly contentType: string; readonly form: readonly Parameter[] }
  | { readonly kind: 'json'; readonly contentType: string; readonly json: JsonSlot }
  | { readonly kind: 'text'; readonly contentType: string; readonly text: TextSlot };

export interface Span {
  readonly from: string;
  readonly to: string;
  readonly min: number;
  readonly max: number;
}

const name = z
  .string()
  .max(1024)
  .refine((text) => text.isWellFormed() && parameterNameFlaw(text) === undefined, {
    message: 'must be a parameter name that overrides nothing',
  });

const parameterSchema = z
  .strictObject({
    name,
    value: z.exactOptional(textSlotSchema),
    values: z.exactOptional(z.array(textSlotSchema).min(1).max(limits.parameters)),
    each: z.exactOptional(
      z
        .strictObject({
          value: textSlotSchema,
          min: z.number().int().min(1),
          max: z.number().int().min(1).max(limits.parameters),
        })
        .refine((each) => each.min <= each.max, { message: 'the lower bound comes first' }),
    ),
    optional: z.exactOptional(z.literal(true)),
    bare: z.exactOptional(z.literal(true)),
    plus: z.exactOptional(z.literal(true)),
  })
  .refine((p) => [p.value, p.values, p.each].filter((way) => way !== undefined).length === 1, {
    message: 'a parameter has exactly one of value, values and each',
  })
  .refine((p) => p.bare !== true || (p.value !== undefined && (p.name === '' || p.value === '')), {
    message: 'a bare parameter has the empty value, or no name',
  })
  .refine((p) => p.name !== '' || p.bare === true, { message: 'a parameter without a name is bare' });

const parametersSchema = z
  .array(parameterSchema)
  .max(limits.parameters)
  .refine((list) => new Set(list.map((parameter) => parameter.name)).size === list.length, {
    message: 'a parameter is named once',
  });

const contentType = z.string().refine((text) => bodyKindOf(text) !== undefined, {
  message: 'must be a media type in UTF-8 and not in parts',
});

const bodySchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none'), contentType }),
  z.strictObject({ kind: z.literal('form'), contentType, form: parametersSchema }),
  z.strictObject({ kind: z.literal('json'), contentType, json: jsonSlotSchema }),
  z.strictObject({ kind: z.literal('text'), contentType, text: textSlotSchema }),
]);

/** How a body of this content type is read; undefined where it cannot be. */
export function bodyKindOf(contentType: string): Body['kind'] | undefined {
  try {
    return parseMediaType(contentType).kind;
  } catch (error) {
    if (error instanceof Refused) return undefined;
    throw error;
  }
}

const ruleSchema = z.strictObject({
  id: z.string().min(1).max(32),
  method: z.enum(methods),
  path: z.array(textSlotSchema).min(1).max(limits.segments),
  query: z.exactOptional(parametersSchema),
  body: z.exactOptional(bodySchema),
  spans: z.exactOptional(
    z
      .array(
        z.strictObject({
          from: z.string().min(1).max(64),
          to: z.string().min(1).max(64),
          min: z.number().int(),
          max: z.number().int(),
        }),
      )
      .max(64),
  ),
});

/** Why a rule could never admit a call; undefined if it can. */
export function ruleFlaw({ method, path, body }: Rule): string | undefined {
  for (const [at, slot] of path.entries()) {
    if (typeof slot !== 'string') continue;
    const flaw = segmentFlaw(slot);
    if (flaw !== undefined) return flaw;
    if (slot === '' && at === 0 && path.length > 1) return 'the path starts with two slashes';
  }
  if (body === undefined || body.kind === 'none') return undefined;
  if (method === 'GET' || method === 'HEAD') return `a ${method} has a body`;
  return body.kind === bodyKindOf(body.contentType) ? undefined : 'the body is not of its content type';
}

/**
 * An allowlist as stored and sent: at most 10,000 rules and 1.5 MB of JSON.
 * Callers bound the depth of the JSON they parse; the schema follows it by recursion.
 */
export const allowlistSchema: z.ZodType<Allowlist> = z
  .strictObject({ version: z.literal(1), rules: z.array(ruleSchema).max(limits.rules) })
  .superRefine(({ rules }, context) => {
    const ids = new Set<string>();
    for (const [at, rule] of rules.entries()) {
      const message = ids.has(rule.id) ? 'the id occurs twice' : ruleFlaw(rule);
      if (message !== undefined) context.addIssue({ code: 'custom', path: ['rules', at], message });
      ids.add(rule.id);
    }
    if (new TextEncoder().encode(JSON.stringify(rules)).length > limits.allowlistBytes) {
      context.addIssue({ code: 'custom', path: ['rules'], message: 'the allowlist is larger than 1.5 MB' });
    }
  });
