/** Moments at which something reached the service, in milliseconds. */
export class Arrivals {
  readonly #moments: number[] = [];

  add(moment: number): void {
    this.#moments.push(moment);
  }

  /** Load between two moments. @param bin milliseconds over which one rate is taken */
  load(from: number, to: number, bin: number): Load {
    const counts = new Map<number, number>();
    let count = 0;
    for (const moment of this.#moments) {
      if (moment < from || moment >= to) continue;
      count++;
      const index = Math.floor((moment - from) / bin);
      counts.set(index, (counts.get(index) ?? 0) + 1);
    }
    const peak = Math.max(0, ...counts.values());
    const mean = (count * bin) / (to - from);
    return { count, peak, mean, ratio: mean === 0 ? 0 : peak / mean };
  }
}

export interface Load {
  readonly count: number;
  /** The most in one bin, and the mean of all bins. */
  readonly peak: number;
  readonly mean: number;
  readonly ratio: number;
}
