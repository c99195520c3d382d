import type { Runtime } from '../../../local/rehearsal/runtime.ts';
import type { SeededRandom } from '../seeded-random.ts';
import { Broken, type Tally } from './outcome.ts';
import { Visitor } from './visitor.ts';

const passwords = ['six herons over the weir', 'nine otters under the lock'];

/** People who sign in and choose passwords, and an owner who renames the organization and reads its audit. */
export class PeopleOfTheDay {
  readonly #runtime: Runtime;
  readonly #owner: Visitor;
  readonly #slug: string;
  readonly #random: SeededRandom;
  readonly #tally: Tally;
  /** Signed in, as was acknowledged. */
  readonly #signedIn: Visitor[] = [];
  /** Passwords that were acknowledged and not tried yet. */
  readonly #untried: { email: string; password: string }[] = [];
  #names: string[];
  #number = 100;

  constructor(
    runtime: Runtime,
    owner: Visitor,
    organization: { slug: string; name: string },
    random: SeededRandom,
    tally: Tally,
  ) {
    this.#runtime = runtime;
    this.#owner = owner;
    this.#slug = organization.slug;
    this.#names = [organization.name];
    this.#random = random;
    this.#tally = tally;
  }

  async step(): Promise<void> {
    switch (this.#random.pick(['sign in', 'password', 'rename', 'audit'] as const)) {
      case 'sign in':
        return this.#signIn();
      case 'password':
        return this.#choosePassword();
      case 'rename':
        return this.#rename();
      default:
        await this.#tally.count('read the audit', async () => {
          const page = await this.#owner.open(`/organizations/${this.#slug}/audit`);
          if (page.status !== 200) throw new Broken(`the audit: ${page.status}`);
          return page;
        });
    }
  }

  /** After a crash: who was signed in still is, every password opens, and the organization has its name. */
  async recover(): Promise<void> {
    for (const person of this.#signedIn.splice(0)) {
      const page = await person.open('/account');
      if (!page.text.includes('<h1>Your account</h1>')) throw new Broken(`${person.email} was signed out`);
    }
    for (const { email, password } of this.#untried.splice(0)) {
      const person = this.#visitor(email);
      const page = await person.open('/sign-in/password');
      const home = await person.submit(page, '/sign-in/password', { email, password });
      if (!home.text.includes('<h1>Home</h1>')) throw new Broken(`the password of ${email} does not open`);
    }
    const page = await this.#owner.open(`/organizations/${this.#slug}`);
    const name = this.#names.find((each) => page.text.includes(`<h1>${each}</h1>`));
    if (name === undefined) throw new Broken(`the organization is none of ${this.#names.join(', ')}`);
    this.#names = [name];
  }

  #visitor(email: string): Visitor {
    return new Visitor(this.#runtime, email, this.#number++);
  }

  async #signIn(): Promise<void> {
    const person = this.#visitor(`person-${this.#number}@people.example`);
    const done = await this.#tally.count('sign in', async () => {
      const page = await person.signIn('/account');
      if (!page.text.includes('<h1>Your account</h1>')) throw new Broken(`not signed in: ${page.status}`);
      return true;
    });
    if (done) this.#signedIn.push(person);
  }

  async #choosePassword(): Promise<void> {
    const person = this.#signedIn.pop();
    if (person === undefined) return this.#signIn();
    const password = this.#random.pick(passwords);
    const done = await this.#tally.count('choose a password', async () => {
      const page = await person.open('/account/password');
      const after = await person.submit(page, '/account/password', { password });
      if (!after.text.includes('Change the password')) throw new Broken(`no password: ${after.status}`);
      return true;
    });
    if (done) this.#untried.push({ email: person.email, password });
  }

  async #rename(): Promise<void> {
    const name = `Plant ${this.#random.below(1e6)}`;
    const before = this.#names;
    this.#names = [...before, name];
    const done = await this.#tally.count('rename the organization', async () => {
      const page = await this.#owner.open(`/organizations/${this.#slug}`);
      const after = await this.#owner.submit(page, '/rename', { name });
      if (after.status !== 200) throw new Broken(`not renamed: ${after.status}`);
      return true;
    });
    if (done) this.#names = [name];
  }
}
