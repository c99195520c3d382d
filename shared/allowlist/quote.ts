import { limits } from './limits.ts';

/** A value for people: in quotes, on one line, at most 80 characters of it. */
export function quote(text: string): string {
  const line = Array.from(text, (character) => (printable.test(character) ? character : escaped(character)));
  if (line.length <= limits.quotedLength) return `“${line.join('')}”`;
  return `“${line.slice(0, limits.quotedLength - 1).join('')}…”`;
}

const printable = /^[^\p{C}\p{Zl}\p{Zp}]$/u;

function escaped(character: string): string {
  if (character === '\n') return '↵';
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
