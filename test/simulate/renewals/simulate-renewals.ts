import { simulateLoneGateways } from './lone-gateways.ts';

const seconds = (since: number) => ((performance.now() - since) / 1000).toFixed(1);

/** @returns whether the invariants held */
export async function simulateRenewals(
  options: { readonly renewals: number; readonly seed: number },
  print: (line: string) => void,
): Promise<boolean> {
  const started = performance.now();
  const lone = await simulateLoneGateways({
    ...options,
    gateways: Math.min(200, Math.max(10, 2 * Math.ceil(options.renewals / 400))),
    onProgress: (renewals) => print(`  ${renewals} renewals, ${seconds(started)} s`),
  });
  print(
    `${lone.renewals} renewals of ${lone.gateways} gateways in ${lone.simulatedDays.toFixed(0)} simulated days, ${seconds(started)} s`,
  );
  for (const [kind, count] of lone.faults) print(`  ${String(count).padStart(7)} ${kind}`);
  print(`${lone.lockOuts.length} lock-outs`);
  for (const words of lone.lockOuts.slice(0, 20)) print(`  ${words}`);
  return lone.lockOuts.length === 0;
}
