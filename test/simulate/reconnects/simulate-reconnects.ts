import { day, hour, minute, second } from '../../../shared/clock.ts';
import type { Load } from './arrivals.ts';
import { simulateOutage, type OutagePromises } from './outage.ts';

interface Outage {
  readonly name: string;
  readonly length: number;
  readonly promises?: Partial<OutagePromises>;
}

const outages: readonly Outage[] = [
  // Who lost a good connection a moment ago tries again soon.
  { name: 'a restart of 5 seconds', length: 5 * second, promises: { peakToMean: 6 } },
  { name: 'a restart of 30 seconds', length: 30 * second },
  { name: 'an outage of 10 minutes', length: 10 * minute },
  { name: 'an outage of 6 hours', length: 6 * hour },
  { name: 'an outage of 3 days', length: 3 * day },
  // The access tokens have ended.
  {
    name: 'an outage of 9 days: each renews before it connects',
    length: 9 * day,
    promises: { renewalPeak: Infinity },
  },
];

const rates = ({ count, peak, mean, ratio }: Load, unit: string) =>
  `${count}, peak ${peak}/${unit}, mean ${mean.toPrecision(3)}/${unit}, peak to mean ${ratio.toFixed(2)}`;
const inSeconds = (milliseconds: number) => (milliseconds / 1000).toFixed(1);

/** @returns whether the promises held */
export async function simulateReconnects(
  { gateways, seed }: { readonly gateways: number; readonly seed: number },
  print: (line: string) => void,
): Promise<boolean> {
  let held = true;
  for (const { name, length, promises = {} } of outages) {
    const started = performance.now();
    const report = await simulateOutage({ gateways, outage: length, seed, promises });
    const { back } = report;
    print(`${name}, ${gateways} gateways of two listeners (${inSeconds(performance.now() - started)} s)`);
    print(
      `  back after:      half ${inSeconds(back.half)} s, 99 % ${inSeconds(back.most)} s, all ${inSeconds(back.all)} s`,
    );
    print(`  handshakes:      ${rates(report.handshakes, 's')}, while they come back`);
    print(`  listener tokens: ${rates(report.listenerTokens, 's')}, while they come back`);
    print(`  later:           ${rates(report.laterListenerTokens, 'min')}, in the hour after`);
    print(`  renewals:        ${rates(report.renewals, '10 min')}, in the day after`);
    print(`  on usual days:   ${rates(report.usualRenewals, '10 min')}`);
    print(`  log:             ${report.logLines} lines at most of one gateway`);
    for (const words of report.broken) print(`  DID NOT HOLD: ${words}`);
    held &&= report.broken.length === 0;
  }
  return held;
}
