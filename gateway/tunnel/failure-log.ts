import type { Log } from '../../shared/log.ts';

/** So many different reasons are written before the first success; a network that is down has few. */
const mostReasons = 8;

/**
 * Writes each reason of a failure once, however often and in whatever order the reasons repeat, and says how often it
 * failed when it works again.
 */
export class FailureLog {
  readonly #log: Log;
  readonly #event: string;
  readonly #written = new Set<string>();
  #last: string | undefined;
  #repeated = 0;

  constructor(log: Log, event: string) {
    this.#log = log;
    this.#event = event;
  }

  get failing(): boolean {
    return this.#last !== undefined;
  }

  /** @param traceId of the request that failed first for this reason, if it was one */
  failed(reason: string, traceId?: string): void {
    this.#last = reason;
    if (this.#written.has(reason) || this.#written.size === mostReasons) {
      this.#repeated++;
      return;
    }
    this.#written.add(reason);
    this.#log.warn(`${this.#event}.failed`, { reason, ...(traceId !== undefined && { traceId }) });
  }

  /** What failed works again; the next failure is written whatever it is. */
  recovered(): void {
    this.#log.info(
      `${this.#event}.connected`,
      this.#last === undefined ? {} : { before: this.#last, repeated: this.#repeated },
    );
    this.#written.clear();
    this.#last = undefined;
    this.#repeated = 0;
  }
}
