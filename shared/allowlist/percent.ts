import { Refused } from './refused.ts';

/**
 * Decodes percent triplets once (RFC 3986 section 2.1). The octets must be UTF-8 as in RFC 3629:
 * no overlong form, no surrogate.
 * @throws Refused for a stray `%` or for octets that are not UTF-8
 */
export function decodePercent(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Refused('ambiguous', 'a percent sign does not start a valid UTF-8 sequence');
  }
}

const plainSegment = /^[A-Za-z0-9\-._~!$&'()*+,=:@;]*$/;
const keptInSegment = /%(?:24|26|2B|2C|3A|3B|3D|40)/g;

/** One path segment, where only the characters outside RFC 3986's `pchar` are encoded, in upper-case hex. */
export function encodeSegment(segment: string): string {
  if (plainSegment.test(segment)) return segment;
  return encodeURIComponent(segment).replace(keptInSegment, (triplet) => decodeURIComponent(triplet));
}

/** A parameter's name or value: everything but RFC 2396's unreserved characters is encoded. */
export function encodeParameter(text: string, plus = false): string {
  if (unreserved.test(text)) return text;
  const encoded = encodeURIComponent(text);
  return plus ? encoded.replaceAll('%20', '+') : encoded;
}

const unreserved = /^[A-Za-z0-9_.~-]*$/;
