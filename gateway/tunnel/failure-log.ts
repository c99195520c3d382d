import type { Log } from '../../shared/log.ts';

/** Writes a failure once, however often it repeats, and says how often when something else happens. */
export class FailureLog {
  readonly #log: Log;
  readonly #event: string;
  #last: string | undefined;
  #repeated = 0;

  constructor(log: Log, event: string) {
    this.#log = log;
    this.#event = event;
  }

  get failing(): boolean {
    return this.#last !== undefined;
  }

  failed(reason: string): void {
    if (reason === this.#last) {
      this.#repeated++;
      return;
    }
    this.#log.warn(`${this.#event}.failed`, { reason, ...this.#before() });
    this.#last = reason;
    this.#repeated = 0;
  }

  /** What failed works again; the next failure is written whatever it is. */
  recovered(): void {
    this.#log.info(`${this.#event}.connected`, this.#before());
    this.#last = undefined;
    this.#repeated = 0;
  }

  #before() {
    return this.#last === undefined ? {} : { before: this.#last, repeated: this.#repeated };
  }
}
