/** The time, handed in so that tests decide what it is. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number;
}

/** Randomness fit for secrets, handed in for the same reason. */
export interface Random {
  /** @param count how many bytes, 1 to 65,536 */
  bytes(count: number): Uint8Array;
}

/** A moment as UTC in RFC 3339 with milliseconds; such strings sort as the moments do. */
export type Instant = string & { readonly __brand: 'Instant' };

export const instant = (milliseconds: number): Instant => new Date(milliseconds).toISOString() as Instant;

export const second = 1000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;
