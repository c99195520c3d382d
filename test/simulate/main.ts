import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { simulateCrashes } from './crashes/simulate-crashes.ts';
import { simulateReconnects } from './reconnects/simulate-reconnects.ts';
import { simulateRenewals } from './renewals/simulate-renewals.ts';

interface Options {
  readonly seed: number;
  readonly renewals: number;
  readonly gateways: number;
  readonly kills: number;
}

type Simulation = (options: Options, print: (line: string) => void) => Promise<boolean>;

const simulations: Record<string, Simulation> = {
  renewals: simulateRenewals,
  reconnects: simulateReconnects,
  crashes: simulateCrashes,
};

function wholeNumber(text: string | undefined, otherwise: number, name: string): number {
  const value = text === undefined ? otherwise : Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  process.stderr.write(`--${name} takes a whole number.\n`);
  process.exit(2);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string' },
    renewals: { type: 'string' },
    gateways: { type: 'string' },
    kills: { type: 'string' },
  },
});
const chosen = positionals.length > 0 ? positionals : Object.keys(simulations);
const unknown = chosen.filter((name) => !Object.hasOwn(simulations, name));
if (unknown.length > 0) {
  process.stderr.write(`Unknown: ${unknown.join(', ')}. There are ${Object.keys(simulations).join(', ')}.\n`);
  process.exit(2);
}
const options: Options = {
  seed: wholeNumber(values.seed, randomInt(2 ** 47), 'seed'),
  renewals: wholeNumber(values.renewals, 100_000, 'renewals'),
  gateways: wholeNumber(values.gateways, 10_000, 'gateways'),
  kills: wholeNumber(values.kills, 200, 'kills'),
};
const print = (line: string) => void process.stdout.write(`${line}\n`);
let held = true;
for (const name of chosen) {
  print(`${name}, seed ${options.seed}`);
  held = ((await simulations[name]?.(options, print)) ?? false) && held;
}
print(held ? 'The invariants held.' : 'AN INVARIANT DID NOT HOLD.');
process.exit(held ? 0 : 1);
