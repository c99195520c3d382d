/** One figure beside its peer's, from the same run. */
export interface BenchResult {
  readonly name: string;
  readonly unit: string;
  readonly ours: number;
  readonly peer: number | null;
  readonly peerName: string | null;
  /** ours / peer. */
  readonly ratio: number | null;
  /** What it must be to be good enough, if anything was promised. */
  readonly target?: { readonly bound: 'at most' | 'at least'; readonly value: number };
}

const round = (value: number) => Number(value.toPrecision(4));

export function figure(
  name: string,
  unit: string,
  ours: number,
  peer?: { readonly name: string; readonly value: number },
  target?: BenchResult['target'],
): BenchResult {
  return {
    name,
    unit,
    ours: round(ours),
    peer: peer ? round(peer.value) : null,
    peerName: peer?.name ?? null,
    ratio: peer ? round(ours / peer.value) : null,
    ...(target && { target }),
  };
}

/** @param fraction 0.5 is the median */
export function percentile(values: readonly number[], fraction: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))] ?? Number.NaN;
}
