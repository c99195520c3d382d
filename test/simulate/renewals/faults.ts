import type { SeededRandom } from '../seeded-random.ts';

/** After which the real backups are restored by the real restore. */
export const losses = [
  'records lost, and restored from a backup',
  'store lost, and restored from a backup with the journal',
  'store and journal lost, and restored from a backup',
] as const;

export const faultKinds = [
  'request lost',
  'reply lost',
  'request duplicated at once',
  'request duplicated, the copy days late',
  'request delayed, up to days',
  'gateway dies before a write',
  'gateway dies after a write',
  'service dies before a write',
  'service dies after a write',
  'service dies before or after an e-mail',
  'another writer is faster',
  'two gateways of a system at once',
  'two processes share a state folder',
  'record put back to an older state',
  'all records put back to an older state',
  ...losses,
  'gateway off for days',
] as const;

export type FaultKind = (typeof faultKinds)[number];

/** Decides where a fault strikes, and counts. */
export class Faults {
  enabled = true;
  readonly counts = new Map<FaultKind, number>(faultKinds.map((kind) => [kind, 0]));
  readonly #random: SeededRandom;
  readonly #rate: number;

  /** @param rate probability at every single step */
  constructor(random: SeededRandom, rate = 0.05) {
    this.#random = random;
    this.#rate = rate;
  }

  strikes(kind: FaultKind, rate = this.#rate): boolean {
    if (!this.enabled || !this.#random.chance(rate)) return false;
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
    return true;
  }
}
