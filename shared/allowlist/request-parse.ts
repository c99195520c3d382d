import { isUtf8 } from 'node:buffer';
import { checkHeaders } from './header-check.ts';
import { parseJson } from './json-parse.ts';
import { limits } from './limits.ts';
import { parseMediaType } from './media-type.ts';
import { parseParameters } from './parameter-parse.ts';
import { parsePath } from './path-parse.ts';
import { Refused } from './refused.ts';
import type { ParsedBody, ParsedRequest, RawRequest } from './request.ts';
import { methods, type Method } from './rule.ts';

const knownMethods: ReadonlySet<string> = new Set(methods);
const isMethod = (method: string): method is Method => knownMethods.has(method);

/**
 * Reads one request into its only meaning.
 * @throws Refused when there is more than one, or when it is larger than the limits
 */
export function parseRequest(request: RawRequest): ParsedRequest {
  const { method, target } = request;
  if (!isMethod(method)) throw new Refused('unknown-method', 'the method is not one that a rule can name');
  checkHeaders(request);
  if (target.length > limits.targetLength) throw new Refused('too-large', 'the target is too long');
  if (!visible.test(target)) throw new Refused('ambiguous', 'the target holds what no URL may hold');
  const mark = target.indexOf('?');
  return {
    method,
    path: parsePath(mark === -1 ? target : target.slice(0, mark)),
    query: parseParameters(mark === -1 ? '' : target.slice(mark + 1)),
    body: parseBody(request),
  };
}

/** Visible ASCII but `#`, which a client never sends (RFC 9112 section 3.2.1). */
const visible = /^[!-"$-~]*$/;

function parseBody({ method, contentType, body }: RawRequest): ParsedBody {
  if (body === undefined || body.length === 0) return { kind: 'none' };
  if (method === 'GET' || method === 'HEAD') throw new Refused('ambiguous', `a ${method} has a body`);
  if (body.length > limits.bodyBytes) throw new Refused('too-large', 'the body is too long');
  if (contentType === undefined) throw new Refused('unsupported-content', 'the body has no content type');
  const { name: type, kind } = parseMediaType(contentType);
  const text = decodeBody(body);
  switch (kind) {
    case 'form':
      return { kind, type, form: parseParameters(text) };
    case 'json':
      return { kind, type, json: parseJson(text) };
    case 'text':
      return { kind, type, text };
  }
}

function decodeBody(body: Uint8Array): string {
  if (!isUtf8(body)) throw new Refused('ambiguous', 'the body is not UTF-8');
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
  if (text.startsWith('\ufeff')) throw new Refused('ambiguous', 'the body starts with a byte order mark');
  if (text.includes('\0')) throw new Refused('ambiguous', 'the body holds NUL');
  return text;
}
