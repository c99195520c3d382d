import { setImmediate } from 'node:timers/promises';
import { createAccess, type Access } from '../../../gateway/access.ts';
import { GatewayError } from '../../../gateway/gateway-error.ts';
import { createOAuthClient } from '../../../gateway/oauth-client.ts';
import { createRenewalAttempts } from '../../../gateway/renewal-attempts.ts';
import { renewCredentials, type RenewalParts } from '../../../gateway/renewal.ts';
import { areUsable, type UsableCredentials } from '../../../gateway/state/credentials.ts';
import { credentialsFile, type CredentialsStore } from '../../../gateway/state/credentials-store.ts';
import { folderLocks } from '../../../gateway/state/folder-lock.ts';
import type { Clock, Random } from '../../../shared/clock.ts';
import type { Faults } from './faults.ts';
import type { Network } from './network.ts';
import { serviceOrigin, type Service } from './service.ts';

class GatewayDied extends Error {
  override name = 'GatewayDied';
}

export interface Surroundings {
  readonly service: Pick<Service, 'token' | 'use'>;
  readonly network: Network;
  readonly faults: Faults;
  readonly clock: Clock;
  readonly random: Random;
}

/** What became of one go at renewing and using. */
export type Outcome =
  /** The token at hand was used and gave access. */
  | { kind: 'served' }
  /** No answer, or a crash: later again. */
  | { kind: 'again' }
  | { kind: 'shut out'; why: string };

const endpoint = (path: string) => new URL(path, serviceOrigin);
const metadata = {
  issuer: serviceOrigin,
  device_authorization_endpoint: endpoint('/oauth/device_authorization'),
  token_endpoint: endpoint('/oauth/token'),
  revocation_endpoint: endpoint('/oauth/revoke'),
};

export interface GatewayProcessOptions {
  /** Somebody may look at the state folder now. */
  readonly onMoment?: () => Promise<void>;
  /** A client that does not name its attempts. */
  readonly plain?: boolean;
}

/** The real gateway code in a state folder, in a process that dies. */
export class GatewayProcess {
  /** Renewals that ended on disk here. */
  renewals = 0;
  readonly folder: string;
  readonly #around: Surroundings;
  readonly #options: GatewayProcessOptions;
  #parts!: RenewalParts;
  #access!: Access;

  constructor(folder: string, around: Surroundings, options: GatewayProcessOptions = {}) {
    this.folder = folder;
    this.#around = around;
    this.#options = options;
    this.#start();
  }

  /** Another process, wrongly in the same folder. */
  beside(): GatewayProcess {
    return new GatewayProcess(this.folder, this.#around, this.#options);
  }

  /** A new process has nothing but the folder. */
  #start(): void {
    const { clock, random } = this.#around;
    const locks = folderLocks(this.folder, { sleep: async () => void (await setImmediate()) });
    this.#parts = {
      store: this.#dying(credentialsFile(this.folder, locks)),
      oauth: createOAuthClient(async () => metadata, {
        send: ({ body = '' }) => this.#send(this.#options.plain === true ? withoutAttempt(body) : body),
        close: () => {},
      }),
      attempts: createRenewalAttempts(random),
      clock,
      random,
    };
    this.#access = createAccess(serviceOrigin, this.#parts);
  }

  async #send(body: string) {
    const { network, service } = this.#around;
    await this.#options.onMoment?.();
    const answer = await network.exchange(() => service.token(body));
    await this.#options.onMoment?.();
    return answer;
  }

  #dying(store: CredentialsStore): CredentialsStore {
    const { faults } = this.#around;
    return {
      ...store,
      write: async (credentials) => {
        if (faults.strikes('gateway dies before a write')) throw new GatewayDied();
        await store.write(credentials);
        await this.#options.onMoment?.();
        if (faults.strikes('gateway dies after a write')) throw new GatewayDied();
      },
    };
  }

  /** Renews if `wanted`, then uses the access token at hand, as the daemon does. */
  async go(wanted: (credentials: UsableCredentials) => boolean): Promise<Outcome> {
    try {
      await this.renew(wanted);
      const accessToken = await this.#access.token();
      if (await this.use(accessToken)) return { kind: 'served' };
      const newer = await this.#access.tokenAfterRejection(accessToken);
      return (await this.use(newer)) ? { kind: 'served' } : { kind: 'again' };
    } catch (error) {
      if (error instanceof GatewayDied) {
        this.#start();
        return { kind: 'again' };
      }
      if (!(error instanceof GatewayError)) throw error;
      if (error.code === 'unreachable') return { kind: 'again' };
      return { kind: 'shut out', why: `${error.code}: ${error.message}` };
    }
  }

  async renew(wanted: (credentials: UsableCredentials) => boolean): Promise<void> {
    const before = await this.#parts.store.read();
    const after = await renewCredentials(this.#parts, wanted);
    const changed = areUsable(before) && areUsable(after) && before.refreshToken !== after.refreshToken;
    if (changed) this.renewals++;
  }

  use(accessToken: string): Promise<boolean> {
    const { network, service } = this.#around;
    return network.exchange(() => service.use(accessToken));
  }

  read() {
    return this.#parts.store.read();
  }
}

function withoutAttempt(body: string): string {
  const form = new URLSearchParams(body);
  form.delete('attempt');
  form.delete('earlier_attempts');
  return form.toString();
}
