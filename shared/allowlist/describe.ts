import type { Allowlist, Body, Parameter, Rule, Span } from './rule.ts';
import { durationWords, jsonSlotWords, listWords, textSlotWords } from './slot-words.ts';
import type { TextSlot } from './slot.ts';

/** One line a rule, in the allowlist's order, for the sharer to read before sharing. */
export const describeAllowlist = ({ rules }: Allowlist): string[] => rules.map(describeRule);

/** For instance `GET /api/v1/query with query = “up”, time = a time from 10 minutes ago to now`. */
export function describeRule({ method, path, query = [], body, spans = [] }: Rule): string {
  const parts = [...query.map(parameterWords), ...(body === undefined ? [] : [bodyWords(body)])];
  const limits = spans.map(spanWords);
  return [
    `${method} ${pathWords(path)}`,
    ...(parts.length === 0 ? [] : [`with ${parts.join(', ')}`]),
    ...(limits.length === 0 ? [] : [`where ${listWords(limits, 'and')}`]),
  ].join(' ');
}

/** Literal segments as they are, slots in braces. */
export const pathWords = (path: readonly TextSlot[]): string =>
  path
    .map((slot) => `/${typeof slot === 'string' ? slot.replaceAll('/', '%2F') : `{${textSlotWords(slot)}}`}`)
    .join('');

export function parameterWords({ name, value, values, each, optional }: Parameter): string {
  const shown = name === '' ? 'a parameter without a name' : name;
  const end = optional === true ? ' (optional)' : '';
  if (value !== undefined) return `${shown} = ${textSlotWords(value)}${end}`;
  if (values !== undefined) return `${shown} = ${listWords(values.map(textSlotWords), 'and')}${end}`;
  if (each === undefined) return `${shown}${end}`;
  return `${shown} ${each.min} to ${each.max} times = ${textSlotWords(each.value)}${end}`;
}

export function bodyWords(body: Body): string {
  switch (body.kind) {
    case 'none':
      return `no body (${body.contentType})`;
    case 'form':
      return `the form ${body.form.map(parameterWords).join(', ')}`;
    case 'json':
      return `the JSON ${jsonSlotWords(body.json)}`;
    case 'text':
      return `the text (${body.contentType}) ${textSlotWords(body.text)}`;
  }
}

export const spanWords = ({ from, to, min, max }: Span): string =>
  `${placeWords(to)} is ${durationWords(Math.max(0, min))} to ${durationWords(max)} after ${placeWords(from)}`;

/** Names given by inference are places such as `query start`. */
const placeWords = (name: string) => name.replace(/^(?:query|form|json|path) /, '');
