import { z } from 'zod';
import { day, hour, minute, second } from '../clock.ts';
import { ExplicitListError, readLeaf } from './explicit-error.ts';
import {
  characterClasses,
  timeFormats,
  type DecimalRange,
  type IntegerRange,
  type JsonSlot,
  type TextSlot,
  type TimeRange,
} from './slot.ts';

const pair = z.tuple([z.number(), z.number()]);
const anything = z.array(z.unknown()).min(1);

/** The short forms by the member that tells them apart. */
const forms = {
  oneOf: z.strictObject({ oneOf: anything }),
  integer: z.strictObject({ integer: pair }),
  decimal: z.strictObject({ decimal: pair, places: z.number().int().default(3) }),
  time: z.strictObject({
    time: z.tuple([z.string(), z.string()]),
    format: z.enum(timeFormats).default('unix-s'),
    fraction: z.number().int().default(3),
    step: z.number().int().optional(),
  }),
  text: z.strictObject({ text: z.number(), characters: z.enum(characterClasses).default('text') }),
  anyOf: z.strictObject({ anyOf: anything }),
};

type FormName = keyof typeof forms;

/** The form's name, if a value is an object that begins like a form. */
function formOf(value: unknown): FormName | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return (Object.keys(forms) as FormName[]).find((name) => Object.hasOwn(value, name));
}

/** A value in a path, a query or a form. @throws ExplicitListError */
export function readTextTemplate(value: unknown, place: string): TextSlot {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const form = formOf(value);
  switch (form) {
    case 'oneOf': {
      const { oneOf } = readLeaf(forms.oneOf, value, place);
      return {
        oneOf: oneOf.map((one, at) =>
          String(readLeaf(z.union([z.string(), z.number()]), one, `${place} oneOf ${at + 1}`)),
        ),
      };
    }
    case 'anyOf': {
      const { anyOf } = readLeaf(forms.anyOf, value, place);
      return { anyOf: anyOf.map((one, at) => readTextTemplate(one, `${place} anyOf ${at + 1}`)) };
    }
    case 'text': {
      const { text, characters } = readLeaf(forms.text, value, place);
      return { text: { characters, max: text } };
    }
    case 'integer':
    case 'decimal':
    case 'time':
      return readRange(form, value, place);
    case undefined:
      throw new ExplicitListError(
        place,
        'is neither text nor one of the forms oneOf, integer, decimal, time, text, anyOf',
      );
  }
}

/** A value in a JSON body; objects and lists are structures unless they are one of the forms. @throws ExplicitListError */
export function readJsonTemplate(value: unknown, place: string): JsonSlot {
  if (
    value === null ||
    typeof value === 'string' ||
    typeof value === 'number' ||
    typeof value === 'boolean'
  ) {
    return value;
  }
  if (Array.isArray(value))
    return { array: value.map((one, at) => readJsonTemplate(one, `${place} ${at + 1}`)) };
  const form = formOf(value);
  switch (form) {
    case 'oneOf': {
      const { oneOf } = readLeaf(forms.oneOf, value, place);
      const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
      return { oneOf: oneOf.map((one, at) => readLeaf(scalar, one, `${place} oneOf ${at + 1}`)) };
    }
    case 'anyOf': {
      const { anyOf } = readLeaf(forms.anyOf, value, place);
      return { anyOf: anyOf.map((one, at) => readJsonTemplate(one, `${place} anyOf ${at + 1}`)) };
    }
    case 'text':
      return { string: readTextTemplate(value, place) };
    case 'integer':
    case 'decimal':
    case 'time': {
      const range = readRange(form, value, place);
      return 'time' in range && !range.time.format.startsWith('unix') ? { string: range } : range;
    }
    case undefined:
      return readStructure(value, place);
  }
}

const each = z.strictObject({ each: z.unknown(), min: z.number(), max: z.number() });
const object = z.strictObject({ object: z.record(z.string(), z.unknown()) });
const string = z.strictObject({ string: z.unknown() });
const optional = z.strictObject({ optional: z.unknown() });

function readStructure(value: unknown, place: string): JsonSlot {
  const list = each.safeParse(value);
  if (list.success) {
    const { min, max } = list.data;
    return { each: readJsonTemplate(list.data.each, `${place} each`), min, max };
  }
  const text = string.safeParse(value);
  if (text.success && formOf(text.data.string) !== undefined) {
    return { string: readTextTemplate(text.data.string, `${place} string`) };
  }
  const wrapped = object.safeParse(value);
  const members = wrapped.success
    ? wrapped.data.object
    : readLeaf(z.record(z.string(), z.unknown()), value, place);
  const names: string[] = [];
  const slots = Object.entries(members).map(([name, member]): [string, JsonSlot] => {
    const maybe = optional.safeParse(member);
    if (maybe.success) names.push(name);
    return [name, readJsonTemplate(maybe.success ? maybe.data.optional : member, `${place} ${name}`)];
  });
  return { object: Object.fromEntries(slots), ...(names.length === 0 ? {} : { optional: names }) };
}

type Range = { integer: IntegerRange } | { decimal: DecimalRange } | { time: TimeRange };

function readRange(form: 'integer' | 'decimal' | 'time', value: unknown, place: string): Range {
  switch (form) {
    case 'integer': {
      const [min, max] = readLeaf(forms.integer, value, place).integer;
      if (!Number.isSafeInteger(min) || !Number.isSafeInteger(max) || min > max) {
        throw new ExplicitListError(`${place} integer`, 'is two whole numbers, the smaller first');
      }
      return { integer: { min, max } };
    }
    case 'decimal': {
      const { decimal, places } = readLeaf(forms.decimal, value, place);
      if (decimal[0] > decimal[1])
        throw new ExplicitListError(`${place} decimal`, 'is two numbers, the smaller first');
      return { decimal: { min: decimal[0], max: decimal[1], places } };
    }
    case 'time': {
      const { time, step, ...rest } = readLeaf(forms.time, value, place);
      return {
        time: { ...rest, ...readBounds(time, `${place} time`), ...(step === undefined ? {} : { step }) },
      };
    }
  }
}

function readBounds(
  bounds: readonly [string, string],
  place: string,
): Pick<TimeRange, 'relative' | 'absolute'> {
  const [from, to] = bounds.map(readOffset);
  if (from !== undefined && to !== undefined && from <= to) return { relative: [from, to] };
  const [start, end] = bounds.map((text) => (/^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : NaN));
  if (start !== undefined && end !== undefined && start <= end) return { absolute: [start, end] };
  throw new ExplicitListError(
    place,
    'is two offsets such as "-1h" and "now", or two RFC 3339 moments, the earlier first',
  );
}

const units = { s: second, m: minute, h: hour, d: day } as const;

/** `now`, `-90s`, `+5m`, `-1h`, `-30d` in milliseconds. */
function readOffset(text: string): number | undefined {
  if (text === 'now') return 0;
  const match = /^([+-])(\d{1,6})([smhd])$/.exec(text);
  const unit = units[(match?.[3] ?? 's') as keyof typeof units];
  return match === null ? undefined : Number(`${match[1]}${match[2]}`) * unit;
}
