import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { renewalMoment } from '../../../gateway/renewal.ts';
import { credentialsFile } from '../../../gateway/state/credentials-store.ts';
import { folderLocks } from '../../../gateway/state/folder-lock.ts';
import { systemTimer } from '../../../gateway/timer.ts';
import { day, hour, second } from '../../../shared/clock.ts';
import { newGatewayId, type GatewayId, type OrganizationId } from '../../../shared/identifier.ts';
import type { IssuedCredentials } from '../../../shared/systems/gateway-credentials.ts';
import type { GatewayRecord } from '../../../shared/systems/gateway-record.ts';
import type { System } from '../../../shared/systems/system.ts';
import { seededRandom, type SeededRandom } from '../seeded-random.ts';
import { Timeline } from '../timeline.ts';
import { Backups } from './backups.ts';
import { Faults } from './faults.ts';
import type { Surroundings } from './gateway-process.ts';
import { Network } from './network.ts';
import { serviceOrigin, startService, type Service } from './service.ts';

/** A gateway with its state folder, not yet running. */
export interface Site {
  readonly id: GatewayId;
  readonly name: string;
  readonly folder: string;
  readonly organizationId: OrganizationId;
}

const systemsAnOrganization = 5;

/** A service, its network, its backups, and folders for gateways, under one clock and one seed. */
export class World {
  readonly timeline = new Timeline(Date.UTC(2026, 0, 1));
  readonly random: SeededRandom;
  readonly faults: Faults;
  readonly service: Service;
  readonly network: Network;
  readonly around: Surroundings;
  readonly folder: string;
  readonly #backups: Backups;
  // Before version 2.41, glibc can lose the signal that wakes libuv's pool (its bug 25847), and work queued there
  // sleeps until there is more. A host has more soon; here one step waits for the other.
  readonly #waker = setInterval(() => void stat(this.folder).catch(() => {}), 1000).unref();
  #sites = 0;
  #organization: OrganizationId | undefined;
  #closed = false;

  private constructor(folder: string, seed: number) {
    this.folder = folder;
    this.random = seededRandom(seed);
    this.faults = new Faults(this.random);
    const { timeline, random, faults } = this;
    this.service = startService(join(folder, 'service'), timeline, random, faults);
    this.network = new Network(faults, timeline, random);
    this.around = { service: this.service, network: this.network, faults, clock: timeline, random };
    this.#backups = new Backups(join(folder, 'service'));
    timeline.after(4 * hour, () => this.#backUp());
  }

  /** In memory where the machine can: a simulation of crashes in one process needs no disk that outlives it. */
  static async create(seed: number): Promise<World> {
    const parent = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
    return new World(await mkdtemp(join(parent, 'drawbridge-renewals-')), seed);
  }

  async #backUp(): Promise<void> {
    if (this.#closed) return;
    this.#backups.make();
    await this.service.tellOfThefts().catch((error: unknown) => {
      if (this.faults.enabled && error instanceof Error && error.name === 'ServiceDied') return;
      throw error;
    });
    this.timeline.after(4 * hour, () => this.#backUp());
  }

  /** An older state of one record comes back, or of all. @returns which */
  restoreSometimes(id: GatewayId): 'none' | 'one' | 'all' {
    if (!this.#backups.available) return 'none';
    if (this.faults.strikes('all records restored from an older backup', 0.0005)) {
      this.#backups.restoreAll(this.random.fraction());
      return 'all';
    }
    if (!this.faults.strikes('record restored from an older backup')) return 'none';
    this.#backups.restoreOne(id, this.random.fraction());
    return 'one';
  }

  /** A connected system with two gateways. */
  async connect(): Promise<readonly [Site, Site]> {
    const name = `site-${this.#sites++}`;
    if (this.#sites % systemsAnOrganization === 1) this.#organization = undefined;
    const { system, issued } = await this.service.connect(name, this.#organization);
    this.#organization = system.organizationId;
    const id = newGatewayId(this.random);
    const second = await this.service.addGateway(issued.gateway, id, `${name}-b`);
    return [await this.#settle(name, system, issued), await this.#settle(`${name}-b`, system, second)];
  }

  async #settle(name: string, system: System, issued: IssuedCredentials): Promise<Site> {
    const folder = join(this.folder, name);
    await mkdir(folder);
    const now = this.timeline.now();
    await credentialsFile(folder, folderLocks(folder, systemTimer)).write({
      state: 'connected',
      service: serviceOrigin,
      systemId: system.id,
      systemName: system.name,
      organizationName: 'Plant',
      gatewayId: issued.gateway.id,
      accessToken: issued.accessToken,
      accessTokenExpiresAt: now + issued.expiresIn * second,
      refreshToken: issued.refreshKey,
      renewedAt: now,
      // Not all at the same hour.
      renewAt: renewalMoment(now, this.random) - Math.floor(this.random.fraction() * day),
    });
    return { id: issued.gateway.id, name, folder, organizationId: system.organizationId };
  }

  async recordOf(site: Site): Promise<GatewayRecord> {
    const record = await this.service.record(site.id);
    if (!record) throw new Error(`${site.name} has no record.`);
    return record;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#waker);
    this.#backups.close();
    await this.service.services.journal.flush();
    this.service.services.sender.close();
    await this.service.services.store.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}
