/**
 * Whether JSON's number text denotes exactly the number that a double gives back: `1.0` and `1e2` do,
 * `0.1` does (it is what 0.1 is written as), 9007199254740993, `1e400` and `-0` do not.
 * @param text matches RFC 8259's number
 */
export function isExactNumber(text: string): boolean {
  const value = Number(text);
  const written = String(value);
  if (written === text) return true;
  if (!Number.isFinite(value)) return false;
  const came = significant(text);
  const back = significant(written);
  return came.negative === back.negative && came.digits === back.digits && came.exponent === back.exponent;
}

/** The number as an integer without trailing zeros, times a power of ten. */
function significant(text: string): { negative: boolean; digits: string; exponent: number } {
  const [mantissa = '', power = '0'] = text.toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.');
  const digits = (whole + fraction).replace(/^0+/, '');
  const trimmed = digits.replace(/0+$/, '');
  const exponent = trimmed === '' ? 0 : Number(power) - fraction.length + (digits.length - trimmed.length);
  return { negative: mantissa.startsWith('-'), digits: trimmed, exponent };
}
