import { Person, type Answer, type Sending } from '../../../local/rehearsal/person.ts';
import type { Runtime } from '../../../local/rehearsal/runtime.ts';
import { Broken, Unanswered } from './outcome.ts';

/** A person at a network of their own, so that nobody is slowed down for somebody else. */
export class Visitor extends Person {
  readonly #source: string;

  constructor(runtime: Runtime, email: string, number: number) {
    super(runtime, email);
    this.#source = `127.${1 + ((number >> 16) & 127)}.${(number >> 8) & 255}.${number & 255}`;
  }

  /** @throws Unanswered, Broken */
  override async send(url: string, sending: Sending = {}): Promise<Answer> {
    const answer = await super.send(url, { ...sending, from: this.#source }).catch((error: unknown) => {
      throw new Unanswered('no answer', { cause: error });
    });
    if (answer.status >= 500) throw new Broken(`${sending.method ?? 'GET'} ${url}: ${answer.status}`);
    return answer;
  }

  override async newestCode(): Promise<string> {
    return super.newestCode().catch((error: unknown) => {
      // fetch throws a TypeError when the connection broke.
      if (error instanceof TypeError) throw new Unanswered('no answer', { cause: error });
      throw error;
    });
  }
}
