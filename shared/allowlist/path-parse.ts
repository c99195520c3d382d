import { limits } from './limits.ts';
import { decodePercent, encodeSegment } from './percent.ts';
import { Refused } from './refused.ts';

/**
 * The decoded segments of an absolute path, split before decoding, so that an encoded slash stays inside
 * its segment. `/a/` gives `["a", ""]`.
 * @throws Refused for what servers are known to read in different ways
 */
export function parsePath(path: string): string[] {
  if (path.charCodeAt(0) !== 47 /* / */) throw new Refused('ambiguous', 'the target is not in origin form');
  if (path.charCodeAt(1) === 47) throw new Refused('ambiguous', 'the path starts with two slashes');
  if (path.includes('\\')) throw new Refused('ambiguous', 'the path holds a backslash');
  const segments = path.slice(1).split('/');
  if (segments.length > limits.segments) throw new Refused('too-large', 'the path has too many segments');
  for (let at = 0; at < segments.length; at++) {
    const raw = segments[at] ?? '';
    if (simple.test(raw)) continue;
    if (encodedSemicolon.test(raw)) throw new Refused('ambiguous', 'the path holds an encoded semicolon');
    const segment = decodePercent(raw);
    const flaw = segmentFlaw(segment);
    if (flaw !== undefined) throw new Refused('ambiguous', flaw);
    segments[at] = segment;
  }
  return segments;
}

/** Segments that mean themselves: no dot segment possible, nothing encoded. */
const simple = /^[A-Za-z0-9_~-][A-Za-z0-9._~-]*$/;
const encodedSemicolon = /%3b/i;
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff]/;

/** Why no server may see this decoded segment, not even when a rule names it; undefined if one may. */
export function segmentFlaw(segment: string): string | undefined {
  if (controls.test(segment)) return 'the path holds a control character';
  let text = segment;
  for (let layer = 0; ; layer++) {
    if (text.split(/[/\\;]/).some((part) => part === '.' || part === '..')) {
      return 'the path holds a dot segment';
    }
    if (!triplet.test(text)) return undefined;
    if (layer === 3) return 'the path is encoded many times over';
    text = text.replace(triplets, (found) => String.fromCharCode(parseInt(found.slice(1), 16)));
  }
}

const triplet = /%[0-9a-f]{2}/i;
const triplets = /%[0-9a-f]{2}/gi;

/**
 * Whether a slot may admit this segment. Encoded separators, path parameters, a second layer of encoding
 * and characters that compatibility normalization changes are admitted only where a rule spells them out.
 */
export function fitsSlot(segment: string): boolean {
  if (simple.test(segment)) return true;
  return segment !== '' && !/[/\\;%]/.test(segment) && segment.normalize('NFKC') === segment;
}

export function serializePath(segments: readonly string[]): string {
  let path = '';
  for (const segment of segments) path += '/' + encodeSegment(segment);
  return path;
}
