import { createAccess } from '../../../gateway/access.ts';
import { createRenewalAttempts } from '../../../gateway/renewal-attempts.ts';
import { createRenewalSchedule } from '../../../gateway/renewal-schedule.ts';
import type { RenewalParts } from '../../../gateway/renewal.ts';
import { createServiceClient } from '../../../gateway/service-client.ts';
import { areUsable, type Credentials } from '../../../gateway/state/credentials.ts';
import { createTunnelListener, type TunnelListener } from '../../../gateway/tunnel/listener.ts';
import { day, second } from '../../../shared/clock.ts';
import type { Log } from '../../../shared/log.ts';
import type { SeededRandom } from '../seeded-random.ts';
import type { Timeline } from '../timeline.ts';
import { virtualTimer } from '../virtual-timer.ts';
import { accessTokenAt, type VirtualService } from './virtual-service.ts';

const service = new URL('https://bridge.example');
const listeners = 2;

/** What a gateway does about its connection to the service, by the real code, with credentials in memory. */
export class FleetGateway {
  /** When the first listener stood again after the last loss of all. */
  connectedAt: number | undefined;
  logLines = 0;
  readonly #timeline: Timeline;
  readonly #random: SeededRandom;
  readonly #remote: VirtualService;
  readonly #log: Log;
  readonly #renewal: RenewalParts;
  #held: Credentials;
  #standing = 0;
  #tunnels: TunnelListener[] = [];

  constructor(timeline: Timeline, random: SeededRandom, remote: VirtualService) {
    this.#timeline = timeline;
    this.#random = random;
    this.#remote = remote;
    const line = () => void this.logLines++;
    this.#log = { info: line, warn: line, error: line };
    const now = timeline.now();
    // Renewed at some moment of the last day.
    const renewedAt = now - Math.floor(random.fraction() * day);
    this.#held = {
      state: 'connected',
      service: service.origin,
      systemId: 'sys',
      systemName: 'Site',
      organizationName: 'Plant',
      gatewayId: 'gw',
      accessToken: accessTokenAt(renewedAt),
      accessTokenExpiresAt: Number(accessTokenAt(renewedAt)),
      refreshToken: 'key',
      renewedAt,
      renewAt: renewedAt + day,
    };
    this.#renewal = {
      store: {
        read: async () => this.#held,
        write: async (credentials) => void (this.#held = credentials),
        remove: async () => {},
        exclusively: (work) => work(),
      },
      oauth: { refresh: remote.refresh },
      attempts: createRenewalAttempts(random),
      clock: timeline,
      random,
    };
  }

  /** Renews for ever, as the daemon does, which looks once a second. */
  async renew(): Promise<never> {
    const schedule = createRenewalSchedule(this.#renewal, this.#log);
    const phase = this.#random.below(second);
    for (;;) {
      const due = areUsable(this.#held) ? this.#held.renewAt : Infinity;
      const next = Math.max(due, schedule.notBefore()) - this.#timeline.now();
      await virtualTimer(this.#timeline).sleep(Math.max(0, next) + phase);
      await schedule.attend(this.#held);
    }
  }

  openTunnels(): void {
    const { sleep } = virtualTimer(this.#timeline);
    const client = createServiceClient({
      service,
      http: this.#remote.http,
      access: createAccess(service.origin, this.#renewal),
      timer: { sleep },
      random: this.#random,
    });
    this.#tunnels = Array.from({ length: listeners }, () => {
      let stands = false;
      return createTunnelListener({
        connect: async (signal) => {
          const { lifetime, ...address } = await client.listener(signal);
          return { ...address, expiresAt: this.#timeline.now() + lifetime };
        },
        handle: async () => ({ status: 200, headers: {} }),
        clock: this.#timeline,
        random: this.#random,
        log: this.#log,
        open: this.#remote.open,
        wait: sleep,
        timer: { sleep },
        onState: ({ kind, since }) => {
          const stood = stands;
          stands = kind === 'connected';
          this.#standing += Number(stands) - Number(stood);
          if (this.#standing === 0) this.connectedAt = undefined;
          else if (stands) this.connectedAt ??= since;
        },
        // The clock is looked at less often than connections are pinged: there are none here.
        limits: { pingInterval: 30 * second },
      });
    });
  }

  closeTunnels(): Promise<unknown> {
    return Promise.all(this.#tunnels.map((tunnel) => tunnel.close()));
  }
}
