/**
 * A pseudo-random walk that needs no memory: the same seed and moment always give the same value,
 * so live values, trends and restarts agree without a database.
 */

const OCTAVES = [
  { period: 2_300, weight: 0.14 },
  { period: 13_000, weight: 0.2 },
  { period: 71_000, weight: 0.3 },
  { period: 660_000, weight: 0.36 },
] as const;

/** A 32-bit seed from text (FNV-1a). */
export function seedOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

/** An evenly spread number from 0 (included) to 1 (excluded), fixed by its seed and index. */
export function chance(seed: number, index: number): number {
  let hash = (seed ^ Math.imul(index | 0, 0x9e3779b1)) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/** @param at milliseconds since the epoch @returns a number from -1 to 1 that drifts over seconds to minutes */
export function walk(seed: number, at: number): number {
  return OCTAVES.reduce(
    (sum, { period, weight }, octave) => sum + weight * octaveAt(seed + octave, at / period),
    0,
  );
}

function octaveAt(seed: number, position: number): number {
  const index = Math.floor(position);
  const part = position - index;
  const eased = part * part * (3 - 2 * part);
  return (chance(seed, index) * (1 - eased) + chance(seed, index + 1) * eased) * 2 - 1;
}
