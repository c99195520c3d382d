import { z } from 'zod';
import { limits } from './limits.ts';

/**
 * What one value may be. A bare JSON scalar is a literal; an object with one member is a typed slot.
 * A `TextSlot` stands where HTTP carries text (path, query, form), a `JsonSlot` inside a JSON body.
 */
export type TextSlot =
  | string
  | { readonly oneOf: readonly string[] }
  | { readonly integer: IntegerRange }
  | { readonly decimal: DecimalRange }
  | { readonly time: TimeRange }
  | { readonly text: BoundedText }
  | { readonly around: Around }
  | { readonly hashedName: HashedName }
  | { readonly json: JsonSlot }
  | { readonly anyOf: readonly TextSlot[] };

export type JsonScalar = string | number | boolean | null;

export type JsonSlot =
  | JsonScalar
  | { readonly oneOf: readonly JsonScalar[] }
  | { readonly integer: IntegerRange }
  | { readonly decimal: DecimalRange }
  | { readonly time: TimeRange }
  /** A JSON string whose content fits the text slot. */
  | { readonly string: TextSlot }
  /** Exactly these members; those named in `optional` may be missing. Written in this order. */
  | { readonly object: Readonly<Record<string, JsonSlot>>; readonly optional?: readonly string[] }
  /** Exactly these elements, in order. */
  | { readonly array: readonly JsonSlot[] }
  /** `min` to `max` elements that all fit one slot. */
  | { readonly each: JsonSlot; readonly min: number; readonly max: number }
  | { readonly anyOf: readonly JsonSlot[] };

/** Whole numbers in canonical decimal, both ends included, within ±(2^53 - 1). */
export interface IntegerRange {
  readonly min: number;
  readonly max: number;
}

/** Plain decimals without exponent, at most `places` digits after the point, both ends included. */
export interface DecimalRange extends IntegerRange {
  readonly places: number;
}

/**
 * How a moment is written: Unix time in seconds, milliseconds, microseconds or nanoseconds; RFC 3339;
 * RFC 3339 without its offset (`local`, read as UTC); a calendar date (`date`, its midnight in UTC).
 */
export const timeFormats = ['unix-s', 'unix-ms', 'unix-us', 'unix-ns', 'rfc3339', 'local', 'date'] as const;
export type TimeFormat = (typeof timeFormats)[number];

/** A moment. All bounds in milliseconds, both ends included. */
export interface TimeRange {
  readonly format: TimeFormat;
  /** Most digits after the seconds' (or milliseconds') decimal point; 0 when absent. */
  readonly fraction?: number;
  /** Offsets from now, negative in the past. */
  readonly relative?: readonly [number, number];
  /** Unix milliseconds. */
  readonly absolute?: readonly [number, number];
  /** The moment is a multiple of this many milliseconds since the Unix epoch. */
  readonly step?: number;
  /** A name for `spans` of the rule. */
  readonly name?: string;
}

/** Characters a bounded text may hold. `text` is any printable Unicode on one line, `lines` adds line ends. */
export const characterClasses = [
  'digits',
  'hex',
  'letters',
  'alphanumeric',
  'word',
  'token',
  'ascii',
  'text',
  'lines',
] as const;
export type CharacterClass = (typeof characterClasses)[number];

export interface BoundedText {
  readonly characters: CharacterClass;
  /** Fewest UTF-16 units; 0 when absent. */
  readonly min?: number;
  readonly max: number;
}

/** A slot between two fixed texts, as in `jQuery1699_data`. */
export interface Around {
  readonly before: string;
  readonly inner: TextSlot;
  readonly after: string;
}

/** A file name that holds a content hash, as bundlers write them: `main.8f3c2a1b.js`. */
export interface HashedName {
  /** Without the dot. */
  readonly extensions: readonly string[];
  readonly max: number;
}

const literal = z
  .string()
  .max(limits.literalLength)
  .refine((text) => text.isWellFormed() && !text.includes('\0'), { message: 'must be Unicode without NUL' });
const whole = z.number().int();
const ordered = (range: { min: number; max: number }) => range.min <= range.max;
const orderedPair = (pair: readonly [number, number]) => pair[0] <= pair[1];
const order = { message: 'the lower bound comes first' };

const integerRange = z.strictObject({ min: whole, max: whole }).refine(ordered, order);
const decimalRange = z
  .strictObject({ min: z.number(), max: z.number(), places: whole.min(0).max(15) })
  .refine(ordered, order);
const moments = z.tuple([whole, whole]).refine(orderedPair, order);
const timeRange = z
  .strictObject({
    format: z.enum(timeFormats),
    fraction: z.exactOptional(whole.min(0).max(9)),
    relative: z.exactOptional(moments),
    absolute: z.exactOptional(moments),
    step: z.exactOptional(whole.min(1)),
    name: z.exactOptional(z.string().min(1).max(64)),
  })
  .refine((time) => (time.relative === undefined) !== (time.absolute === undefined), {
    message: 'a time is either relative or absolute',
  });
const boundedText = z
  .strictObject({
    characters: z.enum(characterClasses),
    min: z.exactOptional(whole.min(0)),
    max: whole.min(1).max(limits.textLength),
  })
  .refine((text) => (text.min ?? 0) <= text.max, order);
const hashedName = z.strictObject({
  extensions: z
    .array(z.string().regex(/^[a-z0-9]{1,10}$/))
    .min(1)
    .max(32),
  max: whole.min(8).max(255),
});

export const textSlotSchema: z.ZodType<TextSlot> = z.lazy(() =>
  z.union([
    literal,
    z.strictObject({ oneOf: z.array(literal).min(1).max(limits.setSize) }),
    z.strictObject({ integer: integerRange }),
    z.strictObject({ decimal: decimalRange }),
    z.strictObject({ time: timeRange }),
    z.strictObject({ text: boundedText }),
    z.strictObject({
      around: z.strictObject({ before: literal, inner: textSlotSchema, after: literal }),
    }),
    z.strictObject({ hashedName }),
    z.strictObject({ json: jsonSlotSchema }),
    z.strictObject({ anyOf: z.array(textSlotSchema).min(2).max(8) }),
  ]),
);

const scalar = z.union([literal, z.number(), z.boolean(), z.null()]);
const memberName = z
  .string()
  .max(limits.literalLength)
  .refine((name) => name !== '__proto__' && name.isWellFormed(), {
    message: 'must be a name and not __proto__',
  });

export const jsonSlotSchema: z.ZodType<JsonSlot> = z.lazy(() =>
  z.union([
    scalar,
    z.strictObject({ oneOf: z.array(scalar).min(1).max(limits.setSize) }),
    z.strictObject({ integer: integerRange }),
    z.strictObject({ decimal: decimalRange }),
    z.strictObject({ time: timeRange }),
    z.strictObject({ string: textSlotSchema }),
    z
      .strictObject({
        object: z.record(memberName, jsonSlotSchema),
        optional: z.exactOptional(z.array(memberName)),
      })
      .refine((slot) => (slot.optional ?? []).every((name) => Object.hasOwn(slot.object, name)), {
        message: 'optional names members of object',
      }),
    z.strictObject({ array: z.array(jsonSlotSchema).max(limits.setSize) }),
    z.strictObject({ each: jsonSlotSchema, min: whole.min(0), max: whole.min(0) }).refine(ordered, order),
    z.strictObject({ anyOf: z.array(jsonSlotSchema).min(2).max(8) }),
  ]),
);
