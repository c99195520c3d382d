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
import { Faults } from './faults.ts';
import type { Surroundings } from './gateway-process.ts';
import { Network } from './network.ts';
import { OlderStates, olderStatesFile } from './older-states.ts';
import { loseRecords, loseStore, Restores } from './restores.ts';
import { serviceOrigin, startService, type Service } from './service.ts';

/** A gateway with its state folder, not yet running. */
export interface Site {
  readonly id: GatewayId;
  readonly name: string;
  readonly folder: string;
  readonly organizationId: OrganizationId;
}

const systemsAnOrganization = 5;
/** The service makes six a day; the simulated months are many. */
const backupInterval = day;

export interface WorldOptions {
  readonly seed: number;
  /** Whether revocations may be forgotten with the journal of them: where there are none, nothing is. */
  readonly mayLoseJournal: boolean;
  /** Probability, each day, that the store is lost; twice that for some records. */
  readonly lossRate?: number | undefined;
  /** After records came back from a backup. */
  readonly onRestore?: () => Promise<unknown>;
  /** Before the store is lost, with the audit of what happened since the backup. */
  readonly beforeLoss?: () => Promise<unknown>;
}

/** A service, its network, its backups, and folders for gateways, under one clock and one seed. */
export class World {
  readonly timeline = new Timeline(Date.UTC(2026, 0, 1));
  readonly random: SeededRandom;
  readonly faults: Faults;
  readonly service: Service;
  readonly network: Network;
  readonly around: Surroundings;
  readonly folder: string;
  #olderStates: OlderStates;
  readonly #restores = new Restores();
  readonly #onRestore: () => Promise<unknown>;
  readonly #beforeLoss: () => Promise<unknown>;
  readonly #mayLoseJournal: boolean;
  readonly #lossRate: number;
  // Before version 2.41, glibc can lose the signal that wakes libuv's pool (its bug 25847), and work queued there
  // sleeps until there is more. A host has more soon; here one step waits for the other.
  readonly #waker = setInterval(() => void stat(this.folder).catch(() => {}), 1000).unref();
  #sites = 0;
  #organization: OrganizationId | undefined;
  #closed = false;

  private constructor(
    folder: string,
    { seed, mayLoseJournal, lossRate = 0.02, onRestore, beforeLoss }: WorldOptions,
  ) {
    this.folder = folder;
    this.random = seededRandom(seed);
    this.faults = new Faults(this.random);
    this.#onRestore = onRestore ?? (async () => {});
    this.#beforeLoss = beforeLoss ?? (async () => {});
    this.#mayLoseJournal = mayLoseJournal;
    this.#lossRate = lossRate;
    const { timeline, random, faults } = this;
    this.service = startService(this.#serviceFolder, timeline, random, faults);
    this.network = new Network(faults, timeline, random);
    this.around = { service: this.service, network: this.network, faults, clock: timeline, random };
    this.#olderStates = new OlderStates(this.#serviceFolder);
    timeline.after(4 * hour, () => this.#keep());
    timeline.after(backupInterval, () => this.#backUp());
  }

  get #serviceFolder(): string {
    return join(this.folder, 'service');
  }

  /** In memory where the machine can: a simulation of crashes in one process needs no disk that outlives it. */
  static async create(options: WorldOptions): Promise<World> {
    const parent = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
    return new World(await mkdtemp(join(parent, 'drawbridge-renewals-')), options);
  }

  /** A backup that knows everybody who has connected; no older one is used from now on. */
  async backUpAll(): Promise<void> {
    this.#restores.forget();
    await this.#restores.make(this.service.services);
  }

  /** What timers do every few hours. @returns whether it came to its end */
  async #keep(): Promise<void> {
    if (this.#closed) return;
    this.#olderStates.make();
    await this.#tellOfThefts();
    this.timeline.after(4 * hour, () => this.#keep());
  }

  async #tellOfThefts(): Promise<boolean> {
    try {
      await this.service.tellOfThefts();
      return true;
    } catch (error) {
      if (this.faults.enabled && error instanceof Error && error.name === 'ServiceDied') return false;
      throw error;
    }
  }

  /** The daily backup, and now and then what it is made for. */
  async #backUp(): Promise<void> {
    if (this.#closed) return;
    this.timeline.after(backupInterval, () => this.#backUp());
    if (this.#restores.available) await this.#loseSometimes();
    await this.#restores.make(this.service.services);
  }

  async #loseSometimes(): Promise<void> {
    const { faults, random, service } = this;
    const rate = this.#lossRate;
    if (faults.strikes('records lost, and restored from a backup', 2 * rate)) {
      await service.services.journal.flush();
      await loseRecords(service.services, () => random.chance(0.2));
      await this.#restores.restore(service.services, random.fraction(), true);
      await this.#onRestore();
    }
    // What was revoked by a host that died, and is told of by nobody yet, the journal does not know either.
    if (faults.strikes('store lost, and restored from a backup with the journal', rate)) {
      if (await this.#tellOfThefts()) await this.#loseAll(true);
    }
    if (this.#mayLoseJournal && faults.strikes('store and journal lost, and restored from a backup', rate))
      await this.#loseAll(false);
  }

  async #loseAll(journal: boolean): Promise<void> {
    const { service, random } = this;
    this.#olderStates.close();
    await this.#beforeLoss();
    await service.restart(async () => {
      await loseStore(this.#serviceFolder);
      await rm(join(this.#serviceFolder, olderStatesFile), { force: true });
    });
    await this.#restores.restore(service.services, random.fraction(), journal);
    this.#olderStates = new OlderStates(this.#serviceFolder);
    await this.#onRestore();
  }

  /** An older state of one record is put back, or of all. @returns which */
  putBackSometimes(id: GatewayId): 'none' | 'one' | 'all' {
    if (!this.#olderStates.available) return 'none';
    if (this.faults.strikes('all records put back to an older state', 0.0005)) {
      this.#olderStates.putBackAll(this.random.fraction());
      return 'all';
    }
    if (!this.faults.strikes('record put back to an older state')) return 'none';
    this.#olderStates.putBackOne(id, this.random.fraction());
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
    this.#olderStates.close();
    await this.service.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}
