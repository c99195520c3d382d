import { limits } from './limits.ts';
import { decodePercent } from './percent.ts';
import { Refused } from './refused.ts';

/** Decoded query or form parameters in the order received. */
export interface Parameters {
  /** A repeated name holds its values in order. */
  readonly values: ReadonlyMap<string, string | readonly string[]>;
  /** Names that came without `=`; undefined when none did. */
  readonly bare?: ReadonlySet<string>;
}

const none: Parameters = { values: new Map() };

/**
 * Reads `application/x-www-form-urlencoded` (WHATWG URL section 5.1), for queries and bodies: `&` separates,
 * `+` is a space, empty pieces mean nothing, a semicolon is data.
 * @throws Refused for empty names, control characters, invalid UTF-8, and names that override the method
 */
export function parseParameters(text: string): Parameters {
  if (text === '') return none;
  checkControls(text);
  const values = new Map<string, string | string[]>();
  let bare: Set<string> | undefined;
  let count = 0;
  let start = 0;
  while (start <= text.length) {
    let end = text.indexOf('&', start);
    if (end === -1) end = text.length;
    if (end > start) {
      if (++count > limits.parameters) throw new Refused('too-large', 'too many parameters');
      const equals = text.indexOf('=', start);
      const isBare = equals === -1 || equals >= end;
      const name = decode(text.slice(start, isBare ? end : equals));
      const value = isBare ? '' : decode(text.slice(equals + 1, end));
      checkName(name);
      if (isBare) (bare ??= new Set()).add(name);
      const before = values.get(name);
      if (before === undefined) values.set(name, value);
      else if (typeof before === 'string') values.set(name, [before, value]);
      else before.push(value);
    }
    start = end + 1;
  }
  return bare === undefined ? { values } : { values, bare };
}

function decode(piece: string): string {
  const spaced = piece.includes('+') ? piece.replaceAll('+', ' ') : piece;
  if (!spaced.includes('%')) return spaced;
  const decoded = decodePercent(spaced);
  checkControls(decoded);
  return decoded;
}

function checkControls(text: string): void {
  if (controls.test(text)) throw new Refused('ambiguous', 'a parameter holds a control character');
}

// Tab, line feed and carriage return are part of real queries (PromQL, SQL over several lines).
const controls = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;

function checkName(name: string): void {
  if (name === '') throw new Refused('ambiguous', 'a parameter has no name');
  const flaw = parameterNameFlaw(name);
  if (flaw !== undefined) throw new Refused('ambiguous', flaw);
}

/** Why no rule may name this parameter; undefined if one may. */
export function parameterNameFlaw(name: string): string | undefined {
  if (name === '__proto__') return '__proto__ is no parameter name';
  if (overriding.test(name)) return 'a parameter overrides the method';
  return undefined;
}

/** Frameworks that read the method from a parameter: Rails, Symfony, Laravel, Express' method-override, OData. */
const overriding = /^(?:_method|_httpmethod|x-http-method-override|x-http-method|x-method-override)$/i;
