/** The connection broke: nobody knows whether the request took effect. */
export class Unanswered extends Error {
  override name = 'Unanswered';
}

/** What the crashed service broke, or answered as it must not. */
export class Broken extends Error {
  override name = 'Broken';
}

/** `fetch`, by which the mailbox is read, says so in its own way, and with an error of Node's own realm under Jest. */
const isUnanswered = (error: unknown): boolean =>
  error instanceof Unanswered || String(error) === 'TypeError: fetch failed';

/** Counts and complaints of one run. */
export class Tally {
  readonly acknowledged = new Map<string, number>();
  readonly unanswered = new Map<string, number>();
  readonly failures: string[] = [];

  /** Does something, and counts whether it was answered. @returns undefined when it was not */
  async count<T>(name: string, act: () => Promise<T>): Promise<T | undefined> {
    try {
      const done = await act();
      this.acknowledged.set(name, (this.acknowledged.get(name) ?? 0) + 1);
      return done;
    } catch (error) {
      if (isUnanswered(error)) {
        this.unanswered.set(name, (this.unanswered.get(name) ?? 0) + 1);
        return undefined;
      }
      this.fail(name, error);
      return undefined;
    }
  }

  fail(where: string, error: unknown): void {
    this.failures.push(`${where}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

export const totalOf = (counts: ReadonlyMap<string, number>): number =>
  [...counts.values()].reduce((sum, count) => sum + count, 0);
