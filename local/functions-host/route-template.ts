import { routeConstraint, type RouteConstraint } from './route-constraint.ts';

/** A route as Azure Functions takes it: the template language of ASP.NET Core's router. */
export interface RouteTemplate {
  readonly segments: readonly RouteSegment[];
}

type RouteSegment =
  | { readonly kind: 'literal'; readonly text: string }
  | ({ readonly kind: 'parameter'; readonly optional: boolean } & RouteParameter)
  | ({ readonly kind: 'catchAll' } & RouteParameter);

interface RouteParameter {
  readonly name: string;
  readonly constraints: readonly RouteConstraint[];
  readonly fallback: string | undefined;
}

/** What a route took from a path, by parameter name. A parameter without a value is absent. */
export type RouteParams = Readonly<Record<string, string>>;

/**
 * Reads `api/shares/{id}`, `{name?}`, `{name=value}`, `{*rest}` and inline constraints. Segments that mix
 * text and parameters (`{a}.{b}`) are not supported here.
 * @throws Error saying what is wrong with the template
 */
export function parseRouteTemplate(template: string): RouteTemplate {
  const text = template.replace(/^~?\//, '').replace(/\/$/, '');
  const segments = text === '' ? [] : splitSegments(text).map(parseSegment);
  const names = new Set<string>();
  for (const [index, segment] of segments.entries()) {
    if (segment.kind === 'literal') continue;
    if (names.has(segment.name.toLowerCase()))
      throw new Error(`route parameter "${segment.name}" appears twice`);
    names.add(segment.name.toLowerCase());
    if (segment.kind === 'catchAll' && index < segments.length - 1) {
      throw new Error(`catch-all route parameter "${segment.name}" must come last`);
    }
  }
  return { segments };
}

type SegmentPart =
  { readonly kind: 'text'; readonly text: string } | { readonly kind: 'braces'; readonly text: string };

/** Splits at slashes outside braces; a doubled brace stands for itself, as in `{code:regex(^\d{{3}}$)}`. */
function splitSegments(text: string): SegmentPart[][] {
  const segments: SegmentPart[][] = [];
  let parts: SegmentPart[] = [];
  let current = '';
  let inBraces = false;
  const endText = () => {
    if (current !== '') parts.push({ kind: 'text', text: current });
    current = '';
  };
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if ((character === '{' || character === '}') && text.charAt(at + 1) === character) {
      current += character;
      at += 1;
    } else if (character === '{') {
      if (inBraces) throw new Error('an opening brace inside a route parameter must be doubled');
      endText();
      inBraces = true;
    } else if (character === '}') {
      if (!inBraces) throw new Error('a closing brace without an opening one in the route');
      parts.push({ kind: 'braces', text: current });
      current = '';
      inBraces = false;
    } else if (character === '/' && !inBraces) {
      endText();
      segments.push(parts);
      parts = [];
    } else {
      current += character;
    }
  }
  if (inBraces) throw new Error('a route parameter is not closed');
  endText();
  segments.push(parts);
  return segments;
}

function parseSegment(parts: readonly SegmentPart[]): RouteSegment {
  const [part, ...others] = parts;
  if (part === undefined) throw new Error('the route has an empty segment');
  if (others.length > 0) throw new Error('a route segment that mixes text and parameters is not supported');
  if (part.kind === 'braces') return parseParameter(part.text);
  if (part.text.includes('?')) throw new Error('a question mark in the text of the route');
  return { kind: 'literal', text: part.text.toLowerCase() };
}

function parseParameter(text: string): RouteSegment {
  const optional = text.endsWith('?');
  const [head = '', stars = '', name = ''] = /^(\*{0,2})([^:=?*/]*)/.exec(text) ?? [];
  if (name === '') throw new Error(`a route parameter without a name: "{${text}}"`);
  const { constraints, after } = parseConstraints(text.slice(head.length, optional ? -1 : undefined));
  if (after !== '' && !after.startsWith('='))
    throw new Error(`the route parameter "{${text}}" cannot be read`);
  const fallback = after === '' ? undefined : after.slice(1);
  if (optional && fallback !== undefined)
    throw new Error(`the optional parameter "${name}" has a default value`);
  if (optional && stars !== '') throw new Error(`the catch-all parameter "${name}" cannot be optional`);
  return stars === ''
    ? { kind: 'parameter', name, constraints, fallback, optional }
    : { kind: 'catchAll', name, constraints, fallback };
}

function parseConstraints(text: string): { constraints: RouteConstraint[]; after: string } {
  const constraints: RouteConstraint[] = [];
  let after = text;
  while (after.startsWith(':')) {
    const [matched, name = ''] = /^:([^:(=]*)/.exec(after) ?? [':'];
    after = after.slice(matched.length);
    if (!after.startsWith('(')) {
      constraints.push(routeConstraint(name, ''));
      continue;
    }
    // The argument ends at the first parenthesis behind which the parameter can go on; a regex may hold others.
    const [closed, argument = ''] = /^\((.*?)\)(?=[:=]|$)/s.exec(after) ?? [];
    if (closed === undefined) throw new Error(`the argument of route constraint "${name}" is not closed`);
    constraints.push(routeConstraint(name, argument));
    after = after.slice(closed.length);
  }
  return { constraints, after };
}

/**
 * Matches a path whose segments are percent-decoded (see `decodePath`) against a template. Letter case of
 * text does not count, one trailing slash does not count, empty segments match nothing.
 * @param path starts with a slash, without the query
 * @returns the route values, or undefined when the path is not this route's
 */
export function matchRoute({ segments }: RouteTemplate, path: string): RouteParams | undefined {
  const params: Record<string, string> = {};
  let start = 1;
  for (const segment of segments) {
    const left = start < path.length;
    const slash = left ? path.indexOf('/', start) : -1;
    const value = left ? path.slice(start, slash === -1 ? undefined : slash) : undefined;
    if (value === '') return undefined;
    if (segment.kind === 'literal') {
      if (value === undefined || value.toLowerCase() !== segment.text) return undefined;
    } else if (segment.kind === 'catchAll') {
      // As in Azure, an absent catch-all has to satisfy its constraints, which nothing absent does.
      const mayLack = segment.constraints.length === 0;
      return take(params, segment, left ? path.slice(start) : undefined, mayLack) ? params : undefined;
    } else if (!take(params, segment, value, segment.optional)) {
      return undefined;
    }
    start += (value?.length ?? 0) + 1;
  }
  return start < path.length ? undefined : params;
}

function take(
  params: Record<string, string>,
  { name, constraints, fallback }: RouteParameter,
  given: string | undefined,
  mayLack: boolean,
): boolean {
  const value = given ?? fallback;
  if (value === undefined) return mayLack;
  if (!constraints.every((accepts) => accepts(value))) return false;
  params[name] = value;
  return true;
}
