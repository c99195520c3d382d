import { once } from './intern.ts';
import { matchJson } from './json-match.ts';
import type { MatchContext } from './match-context.ts';
import { parseMediaType } from './media-type.ts';
import { matchParameters } from './parameter-match.ts';
import { fitsSlot } from './path-parse.ts';
import { encodeSegment } from './percent.ts';
import type { ParsedBody, ParsedRequest } from './request.ts';
import type { Body, Method, Parameter, Rule, Span } from './rule.ts';
import type { TextSlot } from './slot.ts';
import { matchText, type TextMatch } from './text-match.ts';

/** What goes to the on-prem side: written anew from the parsed form, never the bytes received. */
export interface AdmittedCall {
  readonly ruleId: string;
  readonly method: Method;
  readonly target: string;
  readonly contentType?: string;
  readonly body?: Uint8Array;
}

/** Gives the call to make, or undefined when a request of the rule's method does not fit it. `now`: Unix milliseconds. */
export type RuleMatch = (request: ParsedRequest, now: number) => AdmittedCall | undefined;

const noParameters: readonly Parameter[] = [];

/** Makes one rule ready for matching. */
export function matchRule(rule: Rule): RuleMatch {
  const { id: ruleId, method, spans = [] } = rule;
  const writePath = matchPath(rule.path);
  const writeQuery = matchParameters(rule.query ?? noParameters);
  const writeBody = rule.body === undefined ? noBody : matchBody(rule.body);
  return (request, now) => {
    const times = spans.length === 0 ? undefined : new Map<string, number>();
    const context: MatchContext = times === undefined ? { now } : { now, times };
    const path = writePath(request.path, context);
    if (path === undefined) return undefined;
    const query = writeQuery(request.query, context);
    if (query === undefined) return undefined;
    const content = writeBody(request.body, context);
    if (content === undefined) return undefined;
    if (times !== undefined && !spans.every((span) => spanHolds(span, times))) return undefined;
    return { ruleId, method, target: query === '' ? path : `${path}?${query}`, ...content };
  };
}

/** Whether the two moments are as far apart as they may be; an optional one that is missing does not count. */
export function spanHolds({ from, to, min, max }: Span, times: ReadonlyMap<string, number>): boolean {
  const [start, end] = [times.get(from), times.get(to)];
  if (start === undefined || end === undefined) return true;
  return end - start >= min && end - start <= max;
}

const matchPath = once(makePathMatch);

function makePathMatch(path: readonly TextSlot[]) {
  if (path.every((slot) => typeof slot === 'string')) {
    const written = path.map((segment) => `/${encodeSegment(segment)}`).join('');
    return (segments: readonly string[]) =>
      segments.length === path.length && path.every((segment, at) => segment === segments[at])
        ? written
        : undefined;
  }
  const matches = path.map(matchSegment);
  return (segments: readonly string[], context: MatchContext) => {
    if (segments.length !== matches.length) return undefined;
    let written = '';
    for (const [at, match] of matches.entries()) {
      const segment = match(segments[at] ?? '', context);
      if (segment === undefined) return undefined;
      written += `/${encodeSegment(segment)}`;
    }
    return written;
  };
}

/** A literal may spell out what no slot admits, such as an encoded slash. */
export const matchSegment: (slot: TextSlot) => TextMatch = once(makeSegmentMatch);

function makeSegmentMatch(slot: TextSlot): TextMatch {
  const match = matchText(slot);
  if (typeof slot === 'string') return match;
  return (segment, context) => (fitsSlot(segment) ? match(segment, context) : undefined);
}

interface Content {
  readonly contentType?: string;
  readonly body?: Uint8Array;
}

const empty: Content = {};
const noBody = (body: ParsedBody) => (body.kind === 'none' ? empty : undefined);

const matchBody = once(makeBodyMatch);

function makeBodyMatch(body: Body): (received: ParsedBody, context: MatchContext) => Content | undefined {
  const { contentType } = body;
  if (body.kind === 'none') return (received) => (received.kind === 'none' ? { contentType } : undefined);
  const { name: type } = parseMediaType(contentType);
  const write = bodyWriter(body);
  return (received, context) => {
    if (received.kind === 'none' || received.type !== type) return undefined;
    const text = write(received, context);
    return text === undefined ? undefined : { contentType, body: Buffer.from(text, 'utf8') };
  };
}

function bodyWriter(
  body: Exclude<Body, { kind: 'none' }>,
): (received: ParsedBody, context: MatchContext) => string | undefined {
  switch (body.kind) {
    case 'form': {
      const match = matchParameters(body.form);
      return (received, context) => (received.kind === 'form' ? match(received.form, context) : undefined);
    }
    case 'json': {
      const match = matchJson(body.json);
      return (received, context) => (received.kind === 'json' ? match(received.json, context) : undefined);
    }
    case 'text': {
      const match = matchText(body.text);
      return (received, context) => (received.kind === 'text' ? match(received.text, context) : undefined);
    }
  }
}
