import { isRenewalDue } from '../../../gateway/renewal.ts';
import { areUsable } from '../../../gateway/state/credentials.ts';
import { day, hour, minute } from '../../../shared/clock.ts';
import type { FaultKind } from './faults.ts';
import { GatewayProcess } from './gateway-process.ts';
import { World, type Site } from './world.ts';

export interface LoneReport {
  readonly renewals: number;
  readonly gateways: number;
  readonly simulatedDays: number;
  readonly faults: ReadonlyMap<FaultKind, number>;
  /** What the token endpoint said, and how often. */
  readonly answers: ReadonlyMap<string, number>;
  /** In words, one a gateway. */
  readonly lockOuts: readonly string[];
}

interface Gateway extends Site {
  readonly process: GatewayProcess;
  lockedOut: boolean;
}

/** Gateways that nobody stole from renew under faults at every step. Nobody may be locked out. */
export async function simulateLoneGateways(options: {
  readonly renewals: number;
  readonly gateways: number;
  readonly seed: number;
  /** Clients that name no attempts, as any OAuth client. */
  readonly plain?: boolean;
  /** @see WorldOptions */
  readonly lossRate?: number;
  readonly onProgress?: (renewals: number) => void;
}): Promise<LoneReport> {
  const world = await World.create({ seed: options.seed, mayLoseJournal: true, lossRate: options.lossRate });
  const { timeline, faults, random } = world;
  const { plain = false } = options;
  const lockOuts: string[] = [];
  const gateways: Gateway[] = [];
  let renewals = 0;
  let announced = 0;

  async function go(gateway: Gateway, process: GatewayProcess, forced = false): Promise<boolean> {
    const before = process.renewals;
    const outcome = await process.go((held) => forced || isRenewalDue(held, timeline.now()));
    renewals += process.renewals - before;
    if (outcome.kind === 'shut out' && !gateway.lockedOut) {
      gateway.lockedOut = true;
      const { state, stateReason } = await world.recordOf(gateway);
      lockOuts.push(`${gateway.name}: ${outcome.why} (record: ${state}, ${stateReason ?? 'no reason'})`);
    }
    return outcome.kind !== 'again';
  }

  async function cycle(gateway: Gateway, sibling: () => Gateway): Promise<void> {
    if (gateway.lockedOut || renewals >= options.renewals) return;
    world.putBackSometimes(gateway.id);
    const goes = [go(gateway, gateway.process)];
    if (faults.strikes('two gateways of a system at once') && !sibling().lockedOut) {
      goes.push(go(sibling(), sibling().process, true));
    }
    if (faults.strikes('two processes share a state folder')) {
      goes.push(go(gateway, gateway.process.beside()));
    }
    const [done] = await Promise.all(goes);
    if (renewals - announced >= 5000) options.onProgress?.((announced = renewals));
    timeline.after(await pause(gateway, done === true), () => cycle(gateway, sibling));
  }

  async function pause(gateway: Gateway, done: boolean): Promise<number> {
    if (!done) return minute + random.below(9 * minute);
    if (faults.strikes('gateway off for days', 0.005)) return day + random.below(24 * day);
    const held = await gateway.process.read();
    return areUsable(held) ? Math.max(minute, held.renewAt - timeline.now()) : hour;
  }

  try {
    while (gateways.length < options.gateways) {
      const [one, other] = await world.connect();
      const pair = [one, other].map((site): Gateway => {
        return {
          ...site,
          process: new GatewayProcess(site.folder, world.around, { plain }),
          lockedOut: false,
        };
      });
      for (const [index, gateway] of pair.entries()) {
        gateways.push(gateway);
        timeline.after(random.below(day), () => cycle(gateway, () => pair[1 - index] ?? gateway));
      }
    }
    await world.backUpAll();
    const started = timeline.now();
    while (renewals < options.renewals && gateways.some(({ lockedOut }) => !lockedOut)) await timeline.next();
    const simulatedDays = (timeline.now() - started) / day;

    // What is still under way arrives; then everybody must be able to renew.
    faults.enabled = false;
    for (const until = timeline.now() + 4 * day; timeline.now() < until;) await timeline.next();
    for (const gateway of gateways) {
      if (gateway.lockedOut) continue;
      if (!(await go(gateway, gateway.process, true)))
        lockOuts.push(`${gateway.name}: cannot renew at the end`);
    }
    return {
      renewals,
      gateways: gateways.length,
      simulatedDays,
      faults: faults.counts,
      answers: world.service.answers,
      lockOuts,
    };
  } finally {
    await world.close();
  }
}
