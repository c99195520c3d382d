/** What matching one request against one rule knows and learns. */
export interface MatchContext {
  /** Unix milliseconds. */
  readonly now: number;
  /** Named moments of this call; absent for rules without spans. */
  readonly times?: Map<string, number>;
}
