import { Refused } from './refused.ts';

/** How a body of some media type is read. */
export type BodyKind = 'form' | 'json' | 'text';

export interface MediaType {
  /** Lower-case type and subtype, then the parameters other than charset, sorted; equal when they mean the same. */
  readonly name: string;
  readonly kind: BodyKind;
}

/**
 * Reads a Content-Type (RFC 9110 section 8.3).
 * @throws Refused for another charset than UTF-8, for parts, and for what is not a media type
 */
export function parseMediaType(text: string): MediaType {
  const cached = common.get(text);
  if (cached !== undefined) return cached;
  if (text.length > 200 || !shape.test(text)) {
    throw new Refused('unsupported-content', 'the content type is not one media type');
  }
  const [essence = '', ...pieces] = text.toLowerCase().split(';');
  const type = essence.trim();
  if (type.startsWith('multipart/')) {
    throw new Refused('unsupported-content', 'a body in parts cannot be shared');
  }
  const parameters: string[] = [];
  let charset = false;
  for (const piece of pieces) {
    const [name = '', quoted = ''] = piece.trim().split('=');
    const value = quoted.replace(/^"(.*)"$/, '$1');
    if (name !== 'charset') {
      parameters.push(`;${name}=${value}`);
      continue;
    }
    if (charset || (value !== 'utf-8' && value !== 'utf8')) {
      throw new Refused('unsupported-content', 'the charset is not UTF-8');
    }
    charset = true;
  }
  return { name: type + parameters.sort().join(''), kind: kindOf(type) };
}

function kindOf(type: string): BodyKind {
  if (type === 'application/x-www-form-urlencoded') return 'form';
  return type === 'application/json' || type === 'text/json' || type.endsWith('+json') ? 'json' : 'text';
}

const token = "[A-Za-z0-9!#$%&'*+.^_`|~-]+";
/** Values with a comma, semicolon or backslash inside quotes are not worth two readings. */
const shape = new RegExp(
  `^${token}/${token}(?:[ \\t]*;[ \\t]*${token}=(?:${token}|"[A-Za-z0-9 !#-+./:<-\\[\\]-~-]*"))*[ \\t]*$`,
);

const common = new Map<string, MediaType>(
  ['application/json', 'application/x-www-form-urlencoded', 'text/plain'].flatMap((type) =>
    ['', ';charset=UTF-8', '; charset=UTF-8', '; charset=utf-8'].map((end): [string, MediaType] => [
      type + end,
      { name: type, kind: kindOf(type) },
    ]),
  ),
);
