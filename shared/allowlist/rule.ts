import { z } from 'zod';
import { limits } from './limits.ts';
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
  .refine((text) => text !== '__proto__', { message: '__proto__ is no parameter name' });

const parameterSchema = z
  .strictObject({
    name,
    value: z.exactOptional(textSlotSchema),
    values: z.exactOptional(z.array(textSlotSchema).min(1).max(limits.parameters)),
    each: z.exactOptional(
      z
        .strictObject({
          value: textSlotSchema,
          min: z.number().int().min(0),
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
  });

const parametersSchema = z
  .array(parameterSchema)
  .max(limits.parameters)
  .refine((list) => new Set(list.map((parameter) => parameter.name)).size === list.length, {
    message: 'a parameter is named once',
  });

/** RFC 9110 section 8.3.1, printable ASCII only. */
const contentType = z
  .string()
  .max(200)
  .regex(/^[a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+(?:\s*;\s*[\x21-\x7e ]+)?$/i, {
    message: 'must be a media type',
  });

const bodySchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none'), contentType }),
  z.strictObject({ kind: z.literal('form'), contentType, form: parametersSchema }),
  z.strictObject({ kind: z.literal('json'), contentType, json: jsonSlotSchema }),
  z.strictObject({ kind: z.literal('text'), contentType, text: textSlotSchema }),
]);

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

export const allowlistSchema: z.ZodType<Allowlist> = z.strictObject({
  version: z.literal(1),
  rules: z.array(ruleSchema).max(limits.rules),
});
