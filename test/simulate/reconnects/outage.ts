import { setImmediate } from 'node:timers/promises';
import { day, hour, minute, second } from '../../../shared/clock.ts';
import { defaultTunnelLimits } from '../../../gateway/tunnel/tunnel-limits.ts';
import { seededRandom } from '../seeded-random.ts';
import { Timeline } from '../timeline.ts';
import type { Load } from './arrivals.ts';
import { FleetGateway } from './fleet-gateway.ts';
import { VirtualService } from './virtual-service.ts';

export interface OutageReport {
  readonly gateways: number;
  /** From the return until half, 99 % and all of the gateways stood again; milliseconds. */
  readonly back: { readonly half: number; readonly most: number; readonly all: number };
  /** A second each, while gateways come back. */
  readonly handshakes: Load;
  readonly listenerTokens: Load;
  /** A minute each, from then until the next listener tokens are due everywhere. */
  readonly laterListenerTokens: Load;
  /** Ten minutes each: in the first day after the return, and in a day without an outage. */
  readonly renewals: Load;
  readonly usualRenewals: Load;
  /** Of one gateway, the most; from before the outage to an hour after. */
  readonly logLines: number;
  /** What was promised and did not hold, in words. */
  readonly broken: readonly string[];
}

export interface OutagePromises {
  /** Of a second to the mean while they come back. */
  readonly peakToMean: number;
  /** Of ten minutes to the mean of a day without an outage. */
  readonly renewalPeak: number;
}

/** DESIGN.md section 6. */
const latest = 20 * second;

/** Over which those who come back are spread. */
const window = defaultTunnelLimits.backoffCap;

/** A listener is begun anew for the end of a long outage: its back-off reaches the cap within a minute or two. */
const endOfLongOutage = 4 * minute;

/** The service and its relay are away for that long; all gateways were connected before. */
export async function simulateOutage(options: {
  readonly gateways: number;
  readonly outage: number;
  readonly seed: number;
  readonly promises?: Partial<OutagePromises>;
}): Promise<OutageReport> {
  const { gateways: size, outage } = options;
  const timeline = new Timeline(Date.UTC(2026, 0, 1));
  const random = seededRandom(options.seed);
  const remote = new VirtualService(timeline, random);
  const until = async (moment: number) => {
    // What was begun just now makes its appointments first.
    await setImmediate();
    let reached = false;
    timeline.after(moment - timeline.now(), async () => void (reached = true));
    while (!reached) await timeline.next();
  };

  const gateways = Array.from({ length: size }, () => new FleetGateway(timeline, random, remote));
  for (const gateway of gateways) void gateway.renew();
  const quietFrom = timeline.now();
  await until(quietFrom + day);
  const usualRenewals = remote.arrivals.renewals.load(quietFrom, timeline.now(), 10 * minute);

  const shortcut = outage > hour ? outage - endOfLongOutage : 0;
  if (shortcut > 0) {
    remote.leave();
    await until(timeline.now() + shortcut);
    for (const gateway of gateways) gateway.openTunnels();
  } else {
    for (const gateway of gateways) gateway.openTunnels();
    await until(timeline.now() + 5 * minute);
    remote.leave();
  }
  await until(timeline.now() + outage - shortcut);
  remote.comeBack();
  const back = timeline.now();
  await until(back + 75 * minute);
  const returns = gateways.map(({ connectedAt }) => (connectedAt ?? Infinity) - back).sort((a, b) => a - b);
  const at = (fraction: number) => returns[Math.min(size - 1, Math.floor(size * fraction))] ?? Infinity;
  const logLines = Math.max(...gateways.map((gateway) => gateway.logLines));
  for (const gateway of gateways) await gateway.closeTunnels();
  await until(back + day);

  const { handshakes, listenerTokens, renewals } = remote.arrivals;
  const report = {
    gateways: size,
    back: { half: at(0.5), most: at(0.99), all: at(1) },
    handshakes: handshakes.load(back, back + window, second),
    listenerTokens: listenerTokens.load(back, back + window, second),
    laterListenerTokens: listenerTokens.load(back + minute, back + hour, minute),
    renewals: renewals.load(back, back + day, 10 * minute),
    usualRenewals,
    logLines,
  };
  return { ...report, broken: broken(report, { peakToMean: 3, renewalPeak: 10, ...options.promises }) };
}

function broken(report: Omit<OutageReport, 'broken'>, { peakToMean, renewalPeak }: OutagePromises): string[] {
  const { back, handshakes, listenerTokens, laterListenerTokens, renewals, usualRenewals } = report;
  // Of few the peak is chance.
  const tokensAtOnce = listenerTokens.count < report.gateways ? 0 : listenerTokens.ratio;
  const promises: readonly [boolean, string][] = [
    [back.all <= latest, 'all are back within 20 s'],
    [
      handshakes.ratio <= peakToMean,
      `handshakes peak at ${peakToMean} times the mean of ${window / second} s at most`,
    ],
    [
      tokensAtOnce <= peakToMean,
      `listener tokens peak at ${peakToMean} times the mean of ${window / second} s at most`,
    ],
    [
      laterListenerTokens.ratio <= 4,
      'listener tokens are renewed spread, at 4 times the mean of the hour at most',
    ],
    [
      renewals.peak <= renewalPeak * usualRenewals.mean,
      `renewals peak at ${renewalPeak} times the mean of usual days at most`,
    ],
  ];
  return promises.flatMap(([held, words]) => (held ? [] : [words]));
}
