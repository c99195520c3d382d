import { isJsonArray, isJsonObject, type JsonValue } from './json-value.ts';
import type { ParsedRequest } from './request.ts';
import type { JsonScalar } from './slot.ts';
import { guessTime, type TimeReading } from './time-guess.ts';

/** One recorded call, taken apart for comparison with others. */
export interface Sample {
  /** Which recording it comes from; each is one opening of the dashboard. */
  readonly har: number;
  /** Unix milliseconds. */
  readonly at: number;
  readonly request: ParsedRequest;
  readonly contentType?: string;
  /** Query and form names whose values were written with `+`. */
  readonly plus: ReadonlySet<string>;
  /** Equal for calls that differ only in the values of their fields. */
  readonly shape: string;
  readonly fields: ReadonlyMap<string, SampleField>;
}

export interface SampleField {
  readonly value: JsonScalar;
  /** Set where the value is a moment near the time of the call. */
  readonly time?: TimeReading;
}

export type RecordedRequest = Omit<Sample, 'shape' | 'fields'>;

/** Takes a call apart. Places are `path 0`, `query name`, `form name`, `json /a/0`, `text`. */
export function takeApart(recorded: RecordedRequest): Sample {
  const { request, at } = recorded;
  const isAsset = isStaticAsset(request);
  const fields = new Map<string, SampleField>();
  const add = (place: string, value: JsonScalar) => {
    const time = guessTime(value, at, isAsset);
    fields.set(place, time === undefined ? { value } : { value, time });
    return place;
  };
  const path = request.path.map((segment, index) => add(`path ${index}`, segment));
  const query = parameterShape('query', request.query, add);
  const body = bodyShape(request, add);
  return { ...recorded, fields, shape: [request.method, path.length, query, body].join('\n') };
}

type Add = (place: string, value: JsonScalar) => string;

function parameterShape(place: string, { values, bare }: ParsedRequest['query'], add: Add): string {
  const names: string[] = [];
  const lone = [...(bare ?? [])].find((name) => isLoneValue(name, values.get(name)));
  for (const [name, value] of values) {
    if (name === lone) names.push(add(lonePlace, name));
    else if (typeof value === 'string') names.push(add(`${place} ${name}`, value));
    else for (const [index, one] of value.entries()) names.push(add(`${place} ${name} ${index}`, one));
  }
  return JSON.stringify([...names.sort(), ...(bare ?? [])].map((name) => (name === lone ? '' : name)));
}

/** The place of a piece like `?1699999999`, which is a value and no name. */
export const lonePlace = 'query ';

/** Whether a piece without `=` is a value such as a time, a hash or a random fraction rather than a name. */
const isLoneValue = (name: string, value: string | readonly string[] | undefined) =>
  value === '' && /^(?:[0-9]{6,}|0\.[0-9]{6,}|(?=[a-f]*[0-9])[0-9a-f]{8,})$/.test(name);

export const loneValueOf = ({ values, bare }: ParsedRequest['query']): string | undefined =>
  [...(bare ?? [])].find((name) => isLoneValue(name, values.get(name)));

function bodyShape({ body }: ParsedRequest, add: Add): string {
  switch (body.kind) {
    case 'none':
      return 'none';
    case 'form':
      return `form ${body.type} ${parameterShape('form', body.form, add)}`;
    case 'json':
      return `json ${body.type} ${jsonShape(body.json, '', add)}`;
    case 'text':
      add('text', body.text);
      return `text ${body.type}`;
  }
}

function jsonShape(value: JsonValue, pointer: string, add: Add): string {
  if (isJsonObject(value)) {
    const members = Array.from(value, ([name, member]) => {
      return `${JSON.stringify(name)}:${jsonShape(member, `${pointer}/${pointerStep(name)}`, add)}`;
    });
    return `{${members.sort().join(',')}}`;
  }
  if (isJsonArray(value)) {
    return `[${value.map((element, at) => jsonShape(element, `${pointer}/${at}`, add)).join(',')}]`;
  }
  add(`json ${pointer}`, value);
  return '';
}

/** RFC 6901 section 3. */
export const pointerStep = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');

const assetExtensions =
  /\.(?:js|mjs|css|woff2?|ttf|otf|eot|png|jpe?g|gif|svg|webp|avif|ico|bmp|wasm|map|mp3|mp4|webm|cur)$/i;

/** Whether a call fetches a static file, by the name of the file. */
export function isStaticAsset({ method, path, body }: ParsedRequest): boolean {
  return method === 'GET' && body.kind === 'none' && assetExtensions.test(path.at(-1) ?? '');
}
