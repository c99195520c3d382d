import { backoff } from '../../../gateway/backoff.ts';
import { minute, day } from '../../../shared/clock.ts';
import { Arrivals } from '../../simulate/reconnects/arrivals.ts';
import { simulateOutage } from '../../simulate/reconnects/outage.ts';
import { seededRandom } from '../../simulate/seeded-random.ts';
import { Timeline } from '../../simulate/timeline.ts';
import { virtualTimer } from '../../simulate/virtual-timer.ts';

describe('gateways after an outage of the service', () => {
  it('come back within the cap of the back-off, spread over it', async () => {
    const report = await simulateOutage({ gateways: 200, outage: 10 * minute, seed: 2026 });
    expect(report.broken).toEqual([]);
    expect(report.handshakes.count).toBeGreaterThanOrEqual(400);
    expect(report.logLines).toBeLessThan(30);
  });

  it('renew over hours what became due in three days', async () => {
    const report = await simulateOutage({ gateways: 400, outage: 3 * day, seed: 2026 });
    expect(report.broken.filter((words) => words.startsWith('renewals'))).toEqual([]);
    expect(report.renewals.count).toBeGreaterThanOrEqual(400);
  });

  it('would be seen to break a promise that is too much', async () => {
    const { broken } = await simulateOutage({
      gateways: 20,
      outage: minute,
      seed: 2026,
      promises: { peakToMean: 1, renewalPeak: 0 },
    });
    expect(broken.length).toBeGreaterThanOrEqual(2);
  });
});

describe('the load of arrivals', () => {
  it('is counted between two moments, by bins', () => {
    const arrivals = new Arrivals();
    for (const moment of [99, 100, 101, 150, 199, 200]) arrivals.add(moment);
    expect(arrivals.load(100, 200, 50)).toEqual({ count: 4, peak: 2, mean: 2, ratio: 1 });
    expect(new Arrivals().load(0, 1, 1)).toEqual({ count: 0, peak: 0, mean: 0, ratio: 0 });
  });

  it('of those who wait with full jitter peaks at about twice its mean', () => {
    const random = seededRandom(3);
    const arrivals = new Arrivals();
    for (let gateway = 0; gateway < 5000; gateway++) {
      let moment = 0;
      while (moment < 600_000) moment += backoff(10, 1000, 20_000, random);
      arrivals.add(moment - 600_000);
    }
    const { ratio } = arrivals.load(0, 20_000, 1000);
    expect(ratio).toBeGreaterThan(1.7);
    expect(ratio).toBeLessThan(2.4);
  });
});

describe('the timer of a simulation', () => {
  it('lets who waited go on before the clock moves on, and gives up what is aborted', async () => {
    const timeline = new Timeline(0);
    const timer = virtualTimer(timeline);
    const seen: string[] = [];
    const stop = new AbortController();
    timer.sleep(10, stop.signal).catch(() => seen.push(`given up at ${timeline.now()}`));
    void (async () => {
      await timer.sleep(5);
      stop.abort();
      await Promise.resolve();
      seen.push(`woke at ${timeline.now()}`);
      await timer.sleep(1);
      seen.push(`woke at ${timeline.now()}`);
    })();
    while (await timeline.next());
    expect(seen).toEqual(['given up at 5', 'woke at 5', 'woke at 6']);
    await expect(timer.sleep(1, stop.signal)).rejects.toThrow();
  });
});
