import { isJsonObject } from './json-value.ts';
import type { Parameters } from './parameter-parse.ts';
import type { ParsedRequest } from './request.ts';
import type { Parameter, Rule } from './rule.ts';

/**
 * The names of a request's parameters and members, as one key. A rule without optional parts admits one
 * shape only; undefined for rules that admit several.
 */
export function shapeOfRule({ query = [], body }: Rule): string | undefined {
  const names = namesOfList(query);
  if (names === undefined) return undefined;
  switch (body?.kind) {
    case undefined:
    case 'none':
      return shape('none', names, '');
    case 'text':
      return shape('text', names, '');
    case 'form': {
      const members = namesOfList(body.form);
      return members === undefined ? undefined : shape('form', names, members);
    }
    case 'json': {
      const slot = body.json;
      if (typeof slot !== 'object' || slot === null || !('object' in slot)) return undefined;
      if (slot.optional !== undefined && slot.optional.length > 0) return undefined;
      return shape('json', names, joined(Object.keys(slot.object)));
    }
  }
}

export function shapeOfRequest({ query, body }: ParsedRequest): string {
  const names = namesOf(query);
  switch (body.kind) {
    case 'none':
    case 'text':
      return shape(body.kind, names, '');
    case 'form':
      return shape('form', names, namesOf(body.form));
    case 'json':
      return shape('json', names, isJsonObject(body.json) ? joined([...body.json.keys()]) : '');
  }
}

const shape = (kind: string, query: string, members: string) => `${kind}\n${query}\n\n${members}`;

const namesOf = ({ values }: Parameters) => (values.size === 0 ? '' : joined([...values.keys()]));

function namesOfList(list: readonly Parameter[]): string | undefined {
  if (list.some(({ name, optional }) => name === '' || optional === true)) return undefined;
  return joined(list.map(({ name }) => name));
}

/** Names may hold line feeds, so their lengths are part of the key. */
const joined = (names: string[]) =>
  names.length < 2
    ? names.map((name) => `${name.length}:${name}`).join('')
    : names
        .sort()
        .map((name) => `${name.length}:${name}`)
        .join('\n');
