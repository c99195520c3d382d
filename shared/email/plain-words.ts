/**
 * Words that other people chose (names, titles, messages) made fit to stand in an e-mail: without control
 * characters, which could end a header, and without the bidirectional and invisible ones, which can make a
 * sentence of ours read differently (Unicode Technical Report 36, section 2.5).
 */
const unseen =
  /[\p{Cc}\p{Zl}\p{Zp}\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/gu;

/** One line for a subject or a sentence. @param longest in characters (code points), 1 or more */
export function oneLine(words: string, longest = 120): string {
  // Cut before anything else walks over it: callers bound their fields, but nobody has to rely on it here.
  const line = words
    .slice(0, 16 * longest)
    .replace(unseen, ' ')
    .replace(/\s+/gu, ' ')
    .trim();
  const points = [...line.toWellFormed()];
  return points.length <= longest
    ? points.join('')
    : `${points
        .slice(0, longest - 1)
        .join('')
        .trimEnd()}…`;
}

/** Several lines, for a message in a sharer's own words; runs of empty lines become one. @param longest in characters */
export function severalLines(words: string, longest = 4000): string[] {
  const lines = words
    .slice(0, longest)
    .split(/\r\n|\r|\n|\u2028|\u2029/u)
    .map((line) => line.replaceAll('\t', ' ').replace(unseen, '').trimEnd().toWellFormed());
  const kept = lines.filter((line, index) => line !== '' || (index > 0 && lines[index - 1] !== ''));
  while (kept.at(-1) === '') kept.pop();
  return kept;
}
