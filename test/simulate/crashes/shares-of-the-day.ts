import { randomUUID } from 'node:crypto';
import type { ShareView } from '../../../shared/shares/share-view.ts';
import type { SeededRandom } from '../seeded-random.ts';
import type { GatewayClient } from './gateway-client.ts';
import { Broken, type Tally } from './outcome.ts';

/** How a share may be: what was acknowledged, and besides it what a request without an answer wanted. */
interface Expected {
  readonly status: 'active' | 'paused' | 'ended';
  readonly recipients: readonly string[];
}

interface Wish {
  readonly key: string;
  readonly recipients: readonly string[];
}

const people = ['ann', 'ben', 'cem', 'dora', 'eli', 'fay'].map((name) => `${name}@guest.example`);
const mostOpen = 12;

/** One person who makes, changes and ends shares the whole day, and remembers what was acknowledged. */
export class SharesOfTheDay {
  readonly known = new Map<string, Expected[]>();
  /** Asked for, with nobody knowing whether they were made. */
  readonly #unknown: Wish[] = [];
  readonly #gateway: GatewayClient;
  readonly #random: SeededRandom;
  readonly #tally: Tally;

  constructor(gateway: GatewayClient, random: SeededRandom, tally: Tally) {
    this.#gateway = gateway;
    this.#random = random;
    this.#tally = tally;
  }

  async step(): Promise<void> {
    const open = [...this.known].filter(([, states]) => states.length === 1 && states[0]?.status !== 'ended');
    const act = this.#random.pick(['make', 'recipients', 'pause', 'resend', 'delete'] as const);
    if (open.length === 0 || (act === 'make' && open.length < mostOpen)) return this.#make(this.#wish());
    const [id, [now]] = this.#random.pick(open);
    if (now === undefined) return;
    switch (act) {
      case 'recipients': {
        const recipients = this.#recipients();
        return this.#change('change recipients', id, now, { ...now, recipients }, () =>
          this.#gateway.api('PATCH', `/api/shares/${id}`, [200], { recipients }),
        );
      }
      case 'pause': {
        const status = now.status === 'active' ? 'paused' : 'active';
        return this.#change('pause or resume', id, now, { ...now, status }, () =>
          this.#gateway.api('PATCH', `/api/shares/${id}`, [200], { status }),
        );
      }
      case 'resend':
        return this.#change('resend an invitation', id, now, now, () =>
          this.#gateway.api(
            'POST',
            `/api/shares/${id}/invitations`,
            now.status === 'active' ? [200] : [409],
            {
              email: now.recipients[0],
            },
          ),
        );
      default:
        return this.#change('delete', id, now, { status: 'ended', recipients: [] }, () =>
          this.#gateway.api('DELETE', `/api/shares/${id}`, [204]),
        );
    }
  }

  /** After a crash: asks again for what got no answer, and holds everything else to what was acknowledged. */
  async recover(): Promise<void> {
    for (const wish of this.#unknown.splice(0)) await this.#make(wish);
    const found = new Map((await this.#gateway.shares()).map((share) => [share.id, share]));
    for (const [id, states] of this.known) {
      const share = found.get(id);
      if (share === undefined) throw new Broken(`share ${id}, which was acknowledged, is gone`);
      const now = states.find((state) => isSo(share, state));
      if (now === undefined) {
        throw new Broken(
          `share ${id} is ${share.status} for ${share.recipients.length}, and should be ${states
            .map(({ status, recipients }) => `${status} for ${recipients.length}`)
            .join(' or ')}`,
        );
      }
      this.known.set(id, [now]);
    }
  }

  #wish(): Wish {
    return { key: randomUUID(), recipients: this.#recipients() };
  }

  #recipients(): readonly string[] {
    return people.filter(() => this.#random.chance(0.4)).concat('gil@guest.example');
  }

  async #make(wish: Wish): Promise<void> {
    const made = await this.#tally.count('make a share', async () => {
      const body = {
        dashboard: { id: 'north', title: 'North', entryPath: '/dashboards/north', items: ['101'] },
        recipients: wish.recipients,
        allowlist: { version: 1, rules: [{ id: '1', method: 'GET', path: ['dashboards', 'north'] }] },
        sharedBy: { name: 'Olga' },
      };
      const headers = { 'idempotency-key': wish.key };
      const answer = await this.#gateway.api('POST', '/api/shares', [200, 201], body, headers);
      return JSON.parse(answer.text) as ShareView;
    });
    if (made) this.known.set(made.id, [{ status: 'active', recipients: wish.recipients }]);
    else this.#unknown.push(wish);
  }

  async #change(
    name: string,
    id: string,
    before: Expected,
    after: Expected,
    act: () => Promise<unknown>,
  ): Promise<void> {
    this.known.set(id, [before, after]);
    const done = await this.#tally.count(name, async () => {
      await act();
      return true;
    });
    if (done) this.known.set(id, [after]);
  }
}

const isSo = (share: ShareView, { status, recipients }: Expected): boolean =>
  share.status === status &&
  share.recipients
    .map(({ email }) => email)
    .sort()
    .join() === [...recipients].sort().join();
