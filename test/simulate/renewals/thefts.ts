import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isRenewalDue } from '../../../gateway/renewal.ts';
import { areUsable } from '../../../gateway/state/credentials.ts';
import { credentialsFileName } from '../../../gateway/state/credentials-store.ts';
import { day, minute } from '../../../shared/clock.ts';
import type { FaultKind } from './faults.ts';
import { GatewayProcess, type Outcome } from './gateway-process.ts';
import { World, type Site } from './world.ts';

export interface TheftReport {
  readonly thefts: number;
  readonly found: number;
  /** Of those found: by a renewal or use of the gateway itself; the others by one of the thief's. */
  readonly foundByGateway: number;
  readonly mailed: number;
  readonly audited: number;
  readonly renewals: number;
  readonly faults: ReadonlyMap<FaultKind, number>;
  /** What the token endpoint said, and how often. */
  readonly answers: ReadonlyMap<string, number>;
  /** In words. */
  readonly failures: readonly string[];
}

type PartyName = 'gateway' | 'thief';

interface Party {
  readonly name: PartyName;
  readonly process: GatewayProcess;
  /** Renewed, and used what came, since the copy or the last restore. */
  renewedAndUsed: boolean;
  /** Its refresh key at that moment. */
  keyThen: string | undefined;
}

/** One gateway, and a thief who copies its state folder at some moment and uses it at another. */
class Theft {
  readonly site: Site;
  readonly #world: World;
  readonly #gateway: Party;
  readonly #sibling: () => Theft;
  readonly #onRestore: () => Promise<unknown>;
  #thief: Party | undefined;
  /** How many moments pass until the copy is made. */
  #patience: number;
  #copying = false;
  #over = false;
  foundBy: PartyName | undefined;
  failure: string | undefined;
  renewals = 0;

  constructor(
    site: Site,
    world: World,
    others: { readonly sibling: () => Theft; readonly onRestore: () => Promise<unknown> },
  ) {
    this.site = site;
    this.#sibling = others.sibling;
    this.#onRestore = others.onRestore;
    this.#world = world;
    this.#patience = world.random.below(40);
    const process = new GatewayProcess(site.folder, world.around, { onMoment: () => this.#moment() });
    this.#gateway = { name: 'gateway', process, renewedAndUsed: false, keyThen: undefined };
    world.timeline.after(world.random.below(day), () => this.#turn(this.#gateway));
  }

  get over(): boolean {
    return this.#over;
  }

  /** The gateway writes, sends or receives. */
  async #moment(): Promise<void> {
    if (this.#thief || this.#copying || this.#patience-- > 0) return;
    this.#copying = true;
    const { random, timeline, around } = this.#world;
    const folder = join(this.#world.folder, `${this.site.name}-stolen`);
    await mkdir(folder);
    await copyFile(join(this.site.folder, credentialsFileName), join(folder, credentialsFileName));
    const process = new GatewayProcess(folder, around, { plain: random.chance(0.3) });
    const thief: Party = { name: 'thief', process, renewedAndUsed: false, keyThen: undefined };
    this.#thief = thief;
    await this.forgetProgress();
    // Sometimes in the middle of what the gateway is doing.
    if (random.chance(0.2)) await this.#turn(thief);
    else timeline.after((minute / 60) * (4 * 24 * 3600) ** random.fraction(), () => this.#turn(thief));
  }

  async #turn(party: Party): Promise<void> {
    if (this.#over) return;
    const { timeline, random, faults } = this.#world;
    const restored = this.#world.putBackSometimes(this.site.id);
    if (restored === 'one') await this.forgetProgress();
    if (restored === 'all') await this.#onRestore();
    const goes: Promise<Outcome | undefined>[] = [this.#act(party)];
    if (faults.strikes('two processes share a state folder'))
      goes.push(this.#act(party, party.process.beside()));
    // Not for the thief, who may come while the gateway holds its lock.
    if (party.name === 'gateway' && faults.strikes('two gateways of a system at once')) {
      goes.push(this.#sibling().renewBeside());
    }
    const [outcome] = await Promise.all(goes);
    if (this.#over || !outcome) return;
    if (outcome.kind === 'again') {
      timeline.after(minute + random.below(9 * minute), () => this.#turn(party));
      return;
    }
    const held = await party.process.read();
    const due = areUsable(held) ? Math.max(minute, held.renewAt - timeline.now()) : minute;
    const off = faults.strikes('gateway off for days', 0.005) ? random.below(20) * day : 0;
    timeline.after(due + off, () => this.#turn(party));
  }

  /** The other gateway of the system, at the same moment. */
  async renewBeside(): Promise<Outcome | undefined> {
    return this.#over ? undefined : this.#act(this.#gateway, this.#gateway.process, true);
  }

  async #act(party: Party, process = party.process, forced = false): Promise<Outcome> {
    const before = process.renewals;
    // The thief's first act is a renewal; later it keeps the credentials up as a gateway does.
    const outcome = await process.go(
      (held) =>
        forced ||
        isRenewalDue(held, this.#world.timeline.now()) ||
        (party.name === 'thief' && !party.renewedAndUsed),
    );
    this.renewals += process.renewals - before;
    const served = outcome.kind === 'served';
    party.renewedAndUsed ||= served && (await keyOf(party)) !== party.keyThen;
    await this.#judge(party, outcome.kind === 'shut out');
    return outcome;
  }

  /** A restore takes the record back to before what the parties did; the finding begins anew. */
  async forgetProgress(): Promise<void> {
    for (const party of [this.#gateway, this.#thief]) {
      if (!party) continue;
      party.renewedAndUsed = false;
      party.keyThen = await keyOf(party);
    }
  }

  async #judge(party: Party, shutOut: boolean): Promise<void> {
    if (this.#over) return;
    const { state } = await this.#world.recordOf(this.site);
    if (state === 'revoked') {
      this.#over = true;
      if (this.#thief) this.foundBy = party.name;
      else this.failure = 'revoked before anybody stole';
    } else if (shutOut) {
      this.#over = true;
      this.failure = `the ${party.name} is shut out although nothing was found`;
    } else if (this.#gateway.renewedAndUsed && this.#thief?.renewedAndUsed === true) {
      this.#over = true;
      this.failure = 'both parties renewed and used what they got';
    }
  }

  /** Without faults: is anything of it still good for anything? */
  async checkAfterwards(): Promise<void> {
    if (this.failure !== undefined) return;
    for (const party of [this.#gateway, this.#thief]) {
      const held = await party?.process.read();
      if (!party || !areUsable(held)) continue;
      if (await party.process.use(held.accessToken)) this.failure = `the ${party.name} still has access`;
      const outcome = await party.process.go(() => true);
      if (outcome.kind !== 'shut out') this.failure = `the ${party.name} can still renew`;
    }
  }
}

/** Thieves among gateways under faults at every step. Each is found once both parties have renewed. */
export async function simulateThefts(options: {
  readonly thefts: number;
  readonly seed: number;
  /** @see WorldOptions */
  readonly lossRate?: number;
  readonly onProgress?: (thefts: number) => void;
}): Promise<TheftReport> {
  const thefts: Theft[] = [];
  let batch: Theft[] = [];
  const onRestore = () => Promise.all(batch.map((theft) => theft.forgetProgress()));
  const audited = new Set<string>();
  // What the audit told since the backup is lost with the store; that it had told it counts.
  const readAudit = async () => {
    for (const id of await generationsInAudit(world, thefts.concat(batch))) audited.add(id);
  };
  const world: World = await World.create({
    ...{ seed: options.seed, mayLoseJournal: false, lossRate: options.lossRate, onRestore },
    beforeLoss: readAudit,
  });
  try {
    while (thefts.length < options.thefts) {
      // Some at a time, so that backups stay small.
      batch = [];
      world.faults.enabled = false;
      while (batch.length < 100 && thefts.length + batch.length < options.thefts) {
        const [one, other] = await world.connect();
        const pair: readonly [Theft, Theft] = [
          new Theft(one, world, { onRestore, sibling: () => pair[1] }),
          new Theft(other, world, { onRestore, sibling: () => pair[0] }),
        ];
        batch.push(...pair);
      }
      await world.backUpAll();
      world.faults.enabled = true;
      const deadline = world.timeline.now() + 400 * day;
      while (batch.some(({ over }) => !over) && world.timeline.now() < deadline) await world.timeline.next();
      for (const theft of batch) if (!theft.over) theft.failure ??= 'not found in 400 days';
      thefts.push(...batch);
      batch = [];
      options.onProgress?.(thefts.length);
    }
    world.faults.enabled = false;
    // The expiry timer runs, late requests arrive.
    for (const until = world.timeline.now() + 4 * day; world.timeline.now() < until;)
      await world.timeline.next();
    for (const theft of thefts) await theft.checkAfterwards();

    await readAudit();
    const mailed = new Set(
      thefts.filter(({ site }) => world.service.mails.some((text) => names(text, site))),
    );
    for (const theft of thefts) {
      if (theft.foundBy && !mailed.has(theft)) theft.failure ??= 'no owner was e-mailed';
      if (theft.foundBy && !audited.has(theft.site.id)) theft.failure ??= 'the audit names no generation';
    }
    return {
      thefts: thefts.length,
      found: thefts.filter(({ foundBy }) => foundBy !== undefined).length,
      foundByGateway: thefts.filter(({ foundBy }) => foundBy === 'gateway').length,
      mailed: mailed.size,
      audited: audited.size,
      renewals: thefts.reduce((sum, theft) => sum + theft.renewals, 0),
      faults: world.faults.counts,
      answers: world.service.answers,
      failures: thefts.flatMap(({ failure, site }) =>
        failure === undefined ? [] : [`${site.name}: ${failure}`],
      ),
    };
  } finally {
    await world.close();
  }
}

const names = (text: string, { name }: Site): boolean => text.includes(`gateway ${name} were revoked`);

async function keyOf({ process }: Party): Promise<string | undefined> {
  const held = await process.read();
  return areUsable(held) ? held.refreshToken : undefined;
}

async function generationsInAudit(world: World, thefts: readonly Theft[]): Promise<Set<string>> {
  const found = new Set<string>();
  for (const organizationId of new Set(thefts.map(({ site }) => site.organizationId))) {
    for await (const entry of world.service.services.audit.all(organizationId)) {
      if (entry.action !== 'gateway.revoked') continue;
      const generation = entry.details?.['generation'];
      if (typeof generation === 'number' && generation > 0) found.add(entry.actor.id);
    }
  }
  return found;
}
