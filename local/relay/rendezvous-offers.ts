import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { RelayTarget } from './sender-target.ts';

export interface Visitor {
  readonly request: IncomingMessage;
  readonly stream: Duplex;
  readonly head: Buffer;
  readonly target: RelayTarget;
}

export type RendezvousAction = 'accept' | 'request';

interface Offer {
  readonly action: RendezvousAction;
  readonly name: string;
  readonly visit: (visitor: Visitor) => void;
}

const secretParameter = 'sb-hc-offer';

/** Addresses that listeners were given and have not used: each holds a secret and works once. */
export class RendezvousOffers {
  readonly #offers = new Map<string, Offer>();

  get size(): number {
    return this.#offers.size;
  }

  /** @param base scheme and host as the listener reaches the relay, such as `ws://127.0.0.1:7072` */
  make(
    base: string,
    path: { readonly name: string; readonly suffix?: string; readonly query?: string },
    id: string,
    offer: Omit<Offer, 'name'>,
  ): { readonly address: string; withdraw(): void } {
    const secret = randomBytes(24).toString('base64url');
    this.#offers.set(secret, { ...offer, name: path.name });
    const query = path.query === undefined || path.query === '' ? '' : `${path.query}&`;
    const own = `sb-hc-action=${offer.action}&sb-hc-id=${encodeURIComponent(id)}&${secretParameter}=${secret}`;
    return {
      address: `${base}/$hc/${path.name}${path.suffix ?? ''}?${query}${own}`,
      withdraw: () => this.#offers.delete(secret),
    };
  }

  /** The offer at a visitor's address, which is gone with this; undefined when it was never made, used or withdrawn. */
  take(action: RendezvousAction, target: RelayTarget): Offer['visit'] | undefined {
    const secret = target.parameter(secretParameter) ?? '';
    const offer = this.#offers.get(secret);
    if (offer?.action !== action || offer.name !== target.name) return undefined;
    this.#offers.delete(secret);
    return offer.visit;
  }
}
