import { isExactNumber } from './json-number.ts';
import type { JsonValue } from './json-value.ts';
import { limits } from './limits.ts';
import { Refused } from './refused.ts';

/**
 * Reads JSON as RFC 8259 defines it, and refuses what readers are known to take differently: duplicate
 * names, `__proto__`, a byte order mark, lone surrogates, NUL, numbers that a double cannot hold exactly,
 * more than 32 levels.
 * @throws Refused with the position of the flaw
 */
export function parseJson(text: string): JsonValue {
  return new JsonReader(text).document();
}

class JsonReader {
  readonly #text: string;
  #at = 0;
  #values = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): JsonValue {
    const value = this.#value(0);
    this.#space();
    if (this.#at !== this.#text.length) this.#refuse('something follows the value');
    return value;
  }

  #value(depth: number): JsonValue {
    if (++this.#values > limits.jsonValues) throw new Refused('too-large', 'the JSON holds too many values');
    this.#space();
    switch (this.#text.charCodeAt(this.#at)) {
      case 0x7b:
        return this.#object(depth + 1);
      case 0x5b:
        return this.#array(depth + 1);
      case 0x22:
        return this.#string();
      case 0x74:
        return this.#word('true', true);
      case 0x66:
        return this.#word('false', false);
      case 0x6e:
        return this.#word('null', null);
      default:
        return this.#number();
    }
  }

  #object(depth: number): JsonValue {
    this.#enter(depth);
    const members = new Map<string, JsonValue>();
    if (this.#closes(0x7d)) return members;
    for (;;) {
      this.#space();
      if (this.#text.charCodeAt(this.#at) !== 0x22) this.#refuse('a member name is missing');
      const name = this.#string();
      if (name === '__proto__') this.#refuse('a member is named __proto__');
      if (members.has(name)) this.#refuse('a member name occurs twice');
      this.#space();
      if (this.#text.charCodeAt(this.#at) !== 0x3a) this.#refuse('a colon is missing');
      this.#at++;
      members.set(name, this.#value(depth));
      if (this.#closes(0x7d)) return members;
      this.#comma();
    }
  }

  #array(depth: number): JsonValue {
    this.#enter(depth);
    const elements: JsonValue[] = [];
    if (this.#closes(0x5d)) return elements;
    for (;;) {
      elements.push(this.#value(depth));
      if (this.#closes(0x5d)) return elements;
      this.#comma();
    }
  }

  #enter(depth: number): void {
    if (depth > limits.jsonDepth) throw new Refused('too-large', 'the JSON is nested too deeply');
    this.#at++;
  }

  #closes(bracket: number): boolean {
    this.#space();
    if (this.#text.charCodeAt(this.#at) !== bracket) return false;
    this.#at++;
    return true;
  }

  #comma(): void {
    if (this.#text.charCodeAt(this.#at) !== 0x2c) this.#refuse('a comma is missing');
    this.#at++;
  }

  #string(): string {
    const start = this.#at + 1;
    let end = start;
    let escaped = false;
    for (; ; end++) {
      const unit = this.#text.charCodeAt(end);
      if (unit === 0x22) break;
      if (Number.isNaN(unit)) this.#refuse('a string does not end');
      if (unit < 0x20) this.#refuse('a string holds a raw control character');
      if (unit === 0x5c) {
        escaped = true;
        end++;
      }
    }
    this.#at = end + 1;
    const raw = this.#text.slice(start, end);
    return escaped ? this.#unescape(raw) : raw;
  }

  #unescape(raw: string): string {
    const text = raw.replace(escapes, (escape) => {
      const kind = escape.charCodeAt(1);
      if (kind === 0x75 && escape.length === 6) return String.fromCharCode(parseInt(escape.slice(2), 16));
      return simpleEscapes.get(kind) ?? this.#refuse('an escape is not one of JSON');
    });
    if (!text.isWellFormed()) this.#refuse('a string holds half a surrogate pair');
    if (text.includes('\0')) this.#refuse('a string holds NUL');
    return text;
  }

  #word<T extends JsonValue>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) this.#refuse('a value is not JSON');
    this.#at += word.length;
    return value;
  }

  #number(): number {
    numbers.lastIndex = this.#at;
    const text = numbers.exec(this.#text)?.[0];
    if (text === undefined) return this.#refuse('a value is not JSON');
    if (!isExactNumber(text)) this.#refuse('a number is not exact');
    this.#at += text.length;
    return Number(text);
  }

  #space(): void {
    for (; ; this.#at++) {
      const unit = this.#text.charCodeAt(this.#at);
      if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return;
    }
  }

  #refuse(reason: string): never {
    throw new Refused('ambiguous', `the JSON cannot be read: ${reason} (at character ${this.#at})`);
  }
}

/** RFC 8259 section 6. */
const numbers = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const escapes = /\\(?:u[0-9a-fA-F]{4}|[^])/g;
const simpleEscapes = new Map(
  [...'"\\/']
    .map((mark): [number, string] => [mark.charCodeAt(0), mark])
    .concat([
      [0x62, '\b'],
      [0x66, '\f'],
      [0x6e, '\n'],
      [0x72, '\r'],
      [0x74, '\t'],
    ]),
);
