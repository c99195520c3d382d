import type { Random } from '../shared/clock.ts';

/** @returns a uniform number in [0, 1) with 32 bits of resolution */
export function fraction(random: Random): number {
  const bytes = random.bytes(4);
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0) / 2 ** 32;
}

/**
 * How long to wait after `failures` failures in a row: exponential with full jitter, so that many gateways
 * that failed together do not come back together.
 * @param failures 1 or more
 * @returns milliseconds, 0 to `cap`
 */
export function backoff(failures: number, base: number, cap: number, random: Random): number {
  const ceiling = Math.min(cap, base * 2 ** Math.min(failures - 1, 30));
  return Math.floor(fraction(random) * ceiling);
}
