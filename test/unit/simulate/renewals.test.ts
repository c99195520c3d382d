import { losses, type FaultKind } from '../../simulate/renewals/faults.ts';
import { simulateLoneGateways } from '../../simulate/renewals/lone-gateways.ts';
import { simulateThefts } from '../../simulate/renewals/thefts.ts';
import { seededRandom } from '../../simulate/seeded-random.ts';
import { Timeline } from '../../simulate/timeline.ts';

describe('renewal under faults at every step', () => {
  it('locks nobody out in 3,000 renewals, and every kind of fault was among them', async () => {
    const report = await simulateLoneGateways({ renewals: 3000, gateways: 20, seed: 2026 });
    expect(report.lockOuts).toEqual([]);
    expect(report.renewals).toBeGreaterThanOrEqual(3000);
    // The one is about thefts; the others are as rare as losses of everything are.
    const rare: FaultKind[] = [
      'service dies before or after an e-mail',
      'all records put back to an older state',
      'store lost, and restored from a backup with the journal',
      'store and journal lost, and restored from a backup',
    ];
    const never = [...report.faults].filter(([, count]) => count === 0).map(([kind]) => kind);
    expect(never.filter((kind) => !rare.includes(kind))).toEqual([]);
  });

  it('locks nobody out when records, the store, or store and journal are lost again and again', async () => {
    const often = { lossRate: 0.5 };
    const report = await simulateLoneGateways({ renewals: 800, gateways: 10, seed: 2026, ...often });
    expect(report.lockOuts).toEqual([]);
    for (const kind of losses) expect([kind, report.faults.get(kind)]).not.toEqual([kind, 0]);
  });

  it('would lock out gateways that name no attempts: the simulation sees what it looks for', async () => {
    const report = await simulateLoneGateways({ renewals: 1500, gateways: 10, seed: 2026, plain: true });
    expect(report.lockOuts.length).toBeGreaterThan(0);
  });

  it('finds every thief, ends the access of both, tells the owners and says which generation', async () => {
    const report = await simulateThefts({ thefts: 60, seed: 2026 });
    expect(report.failures).toEqual([]);
    expect(report).toMatchObject({ thefts: 60, found: 60, mailed: 60, audited: 60 });
  });

  it('finds every thief also when records and the store are lost again and again, and nobody revoked comes back', async () => {
    const report = await simulateThefts({ thefts: 40, seed: 2027, lossRate: 0.5 });
    expect(report.failures).toEqual([]);
    for (const kind of losses.slice(0, 2)) expect([kind, report.faults.get(kind)]).not.toEqual([kind, 0]);
  });
});

describe('the clock of a simulation', () => {
  it('jumps from one appointment to the next, in the order of their times and then of their making', async () => {
    const timeline = new Timeline(1000);
    const random = seededRandom(1);
    const seen: [at: number, made: number][] = [];
    for (let made = 0; made < 500; made++) {
      const delay = random.below(100);
      timeline.after(delay, async () => void seen.push([timeline.now(), made]));
    }
    while (await timeline.next());
    expect(seen).toHaveLength(500);
    expect(seen).toEqual([...seen].sort(([a, one], [b, other]) => a - b || one - other));
  });
});

describe('the random of a simulation', () => {
  it('is the same for the same seed, and another for another', () => {
    const draw = (seed: number) => Buffer.from(seededRandom(seed).bytes(32)).toString('hex');
    expect(draw(7)).toBe(draw(7));
    expect(new Set([draw(7), draw(8), draw(7 + 2 ** 32)]).size).toBe(3);
  });
});
