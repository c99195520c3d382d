import { day, minute } from '../../../shared/clock.ts';
import { GatewayError } from '../../../gateway/gateway-error.ts';
import type { SeededRandom } from '../seeded-random.ts';
import type { Timeline } from '../timeline.ts';
import type { Faults } from './faults.ts';
import { ServiceDied } from './faulty-store.ts';

const noAnswer = () => new GatewayError('unreachable', 'No answer came.');

/** Carries requests, and loses, doubles and delays them; also past the next renewals. */
export class Network {
  readonly #faults: Faults;
  readonly #timeline: Timeline;
  readonly #random: SeededRandom;

  constructor(faults: Faults, timeline: Timeline, random: SeededRandom) {
    this.#faults = faults;
    this.#timeline = timeline;
    this.#random = random;
  }

  /**
   * @param serve what the service does with the request, each time that it gets it
   * @throws GatewayError `unreachable`
   */
  async exchange<T>(serve: () => Promise<T>): Promise<T> {
    const faults = this.#faults;
    if (faults.strikes('request lost')) throw noAnswer();
    if (faults.strikes('request delayed, up to days')) {
      this.#later(serve);
      throw noAnswer();
    }
    if (faults.strikes('request duplicated, the copy days late')) this.#later(serve);
    const answers = await Promise.allSettled(
      faults.strikes('request duplicated at once') ? [serve(), serve()] : [serve()],
    );
    const answer = this.#random.pick(answers);
    if (answer.status === 'rejected') {
      if (answer.reason instanceof ServiceDied) throw noAnswer();
      throw answer.reason;
    }
    if (faults.strikes('reply lost')) throw noAnswer();
    return answer.value;
  }

  #later(serve: () => Promise<unknown>): void {
    // From seconds to days, evenly over the magnitudes.
    const delay = (minute / 30) * ((3 * day) / (minute / 30)) ** this.#random.fraction();
    this.#timeline.after(delay, async () => {
      try {
        await serve();
      } catch (error) {
        if (!(error instanceof ServiceDied)) throw error;
      }
    });
  }
}
