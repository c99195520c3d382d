import type { JsonValue } from './json-value.ts';
import type { Parameters } from './parameter-parse.ts';
import type { Method } from './rule.ts';

/** A request as the viewer sent it, before anybody interpreted it. */
export interface RawRequest {
  readonly method: string;
  /** The request target in origin form, as received: path and query, undecoded. */
  readonly target: string;
  readonly contentType?: string | undefined;
  /** Lower-case names. Only those that the viewer sent, not those that infrastructure added. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>> | undefined;
  /** Empty and absent are the same. */
  readonly body?: Uint8Array | undefined;
}

/** A request that can be read in exactly one way. */
export interface ParsedRequest {
  readonly method: Method;
  /** Decoded. */
  readonly path: readonly string[];
  readonly query: Parameters;
  readonly body: ParsedBody;
}

/** `type` is the media type as `parseMediaType` names it. */
export type ParsedBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'form'; readonly type: string; readonly form: Parameters }
  | { readonly kind: 'json'; readonly type: string; readonly json: JsonValue }
  | { readonly kind: 'text'; readonly type: string; readonly text: string };
