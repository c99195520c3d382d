import type { Random } from '../../shared/clock.ts';

/** Random for one run that can be had again. Not fit for secrets outside of it. */
export interface SeededRandom extends Random {
  /** Uniform in [0, 1). */
  fraction(): number;
  chance(probability: number): boolean;
  /** A whole number in [0, below). */
  below(below: number): number;
  pick<T>(from: readonly T[]): T;
}

/** Small Fast Counter, 32 bits. @param seed a whole number */
export function seededRandom(seed: number): SeededRandom {
  let [a, b, c, counter] = [0x9e3779b9, seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0, 1];
  const next = (): number => {
    const result = (a + b + counter) >>> 0;
    counter = (counter + 1) >>> 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) >>> 0;
    c = (((c << 21) | (c >>> 11)) + result) >>> 0;
    return result;
  };
  for (let n = 0; n < 20; n++) next();
  const fraction = () => next() / 2 ** 32;
  return {
    fraction,
    chance: (probability) => fraction() < probability,
    below: (below) => Math.floor(fraction() * below),
    pick(from) {
      const picked = from[Math.floor(fraction() * from.length)];
      if (picked === undefined) throw new RangeError('There is nothing to pick from.');
      return picked;
    },
    bytes: (count) => Uint8Array.from({ length: count }, () => next() >>> 24),
  };
}
