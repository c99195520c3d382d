import { simulateLoneGateways, type LoneReport } from './lone-gateways.ts';
import { simulateThefts, type TheftReport } from './thefts.ts';

const seconds = (since: number) => ((performance.now() - since) / 1000).toFixed(1);

/** @returns whether the invariants held */
export async function simulateRenewals(
  { renewals, seed }: { readonly renewals: number; readonly seed: number },
  print: (line: string) => void,
): Promise<boolean> {
  const printCounts = ({ faults, answers }: LoneReport | TheftReport) => {
    for (const [kind, count] of faults) print(`  ${String(count).padStart(8)}  ${kind}`);
    print(`answers: ${[...answers].map(([said, count]) => `${count} ${said}`).join(', ')}`);
  };

  let started = performance.now();
  const lone = await simulateLoneGateways({
    renewals,
    seed,
    gateways: Math.min(200, Math.max(10, 2 * Math.ceil(renewals / 400))),
    onProgress: (done) => print(`  ... ${done} renewals, ${seconds(started)} s`),
  });
  const days = lone.simulatedDays.toFixed(0);
  print(
    `${lone.renewals} renewals of ${lone.gateways} gateways in ${days} days, ${seconds(started)} s; faults:`,
  );
  printCounts(lone);
  print(`${lone.lockOuts.length} lock-outs`);
  for (const words of lone.lockOuts.slice(0, 20)) print(`  ${words}`);

  started = performance.now();
  const theft = await simulateThefts({
    thefts: Math.max(20, Math.ceil(renewals / 50)),
    seed: seed + 1,
    onProgress: (done) => print(`  ... ${done} thefts, ${seconds(started)} s`),
  });
  print(`${theft.thefts} thefts amid ${theft.renewals} renewals, ${seconds(started)} s; faults:`);
  printCounts(theft);
  print(
    `${theft.found} found: ${theft.foundByGateway} when the gateway came, ${theft.found - theft.foundByGateway} when the thief did`,
  );
  print(`${theft.mailed} told to the owners by e-mail, ${theft.audited} in the audit with the generation`);
  for (const words of theft.failures.slice(0, 20)) print(`  ${words}`);
  return lone.lockOuts.length === 0 && theft.failures.length === 0 && theft.found === theft.thefts;
}
