import { GatewayError } from '../../../gateway/gateway-error.ts';
import type { HttpAnswer, HttpClient, HttpRequest } from '../../../gateway/http-client.ts';
import type { OAuthClient } from '../../../gateway/oauth-client.ts';
import type { OpenChannel } from '../../../gateway/tunnel/listener.ts';
import { day, hour } from '../../../shared/clock.ts';
import { HandshakeError } from '../../../shared/tunnel/hybrid-connection-handshake.ts';
import type { SeededRandom } from '../seeded-random.ts';
import type { Timeline } from '../timeline.ts';
import { virtualTimer } from '../virtual-timer.ts';
import { Arrivals } from './arrivals.ts';

const accessTokenLife = 7 * day;
const listenerTokenLife = hour;

/** An access token is the moment at which it ends. */
export const accessTokenAt = (now: number): string => `${now + accessTokenLife}`;

/** Service and relay as gateways see them from far away: there, or away altogether. Both count who comes. */
export class VirtualService {
  readonly arrivals = {
    listenerTokens: new Arrivals(),
    handshakes: new Arrivals(),
    renewals: new Arrivals(),
  };
  readonly #timeline: Timeline;
  readonly #random: SeededRandom;
  readonly #channels = new Set<(closure: { code: number; reason: string }) => void>();
  #away = false;

  constructor(timeline: Timeline, random: SeededRandom) {
    this.#timeline = timeline;
    this.#random = random;
  }

  leave(): void {
    this.#away = true;
    for (const end of this.#channels) end({ code: 1006, reason: 'connection lost' });
    this.#channels.clear();
  }

  comeBack(): void {
    this.#away = false;
  }

  /** An answer takes 20 to 200 ms; a connection is refused at once. */
  async #reached(arrivals: Arrivals): Promise<boolean> {
    if (this.#away) return false;
    arrivals.add(this.#timeline.now());
    await virtualTimer(this.#timeline).sleep(20 + this.#random.below(180));
    return !this.#away;
  }

  readonly http: HttpClient = {
    send: async ({ headers }: HttpRequest): Promise<HttpAnswer> => {
      if (!(await this.#reached(this.arrivals.listenerTokens))) throw refused();
      const now = this.#timeline.now();
      const known = Number(headers?.['authorization']?.slice('Bearer '.length)) > now;
      if (!known) return { status: 401, headers: {}, text: '{}' };
      const expiresAt = new Date(now + listenerTokenLife).toISOString();
      const text = JSON.stringify({ endpoint: 'wss://relay.example', path: 'hc', token: 'sas', expiresAt });
      return { status: 200, headers: { date: new Date(now).toUTCString() }, text };
    },
    close: () => {},
  };

  readonly refresh: OAuthClient['refresh'] = async () => {
    if (!(await this.#reached(this.arrivals.renewals))) throw refused();
    return {
      kind: 'renewed',
      tokens: {
        access_token: accessTokenAt(this.#timeline.now()),
        token_type: 'Bearer',
        expires_in: accessTokenLife / 1000,
      },
    };
  };

  readonly open = async (): Promise<OpenChannel> => {
    if (!(await this.#reached(this.arrivals.handshakes))) throw new HandshakeError('connection refused');
    const { promise, resolve } = Promise.withResolvers<{ code: number; reason: string }>();
    this.#channels.add(resolve);
    return {
      closed: promise,
      renew: () => {},
      close: (code, reason) => {
        this.#channels.delete(resolve);
        resolve({ code, reason });
      },
    };
  };
}

const refused = () => new GatewayError('unreachable', 'connection refused');
