import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { benchBackup } from './backup/backup.ts';
import { benchColdStart } from './cold-start.ts';
import { benchDecisions } from './decisions.ts';
import { benchLockOuts } from './lockouts.ts';
import { benchReconnects } from './reconnects.ts';
import { benchRenewals } from './renewals.ts';
import type { BenchResult } from './result.ts';
import { benchRevocation } from './revocation.ts';
import { benchShare } from './share.ts';
import { benchTunnel } from './tunnel.ts';

type Bench = (options: { readonly documents: number }) => Promise<BenchResult[]>;

const benches: Record<string, Bench> = {
  share: benchShare,
  tunnel: benchTunnel,
  renewals: benchRenewals,
  lockouts: benchLockOuts,
  reconnects: benchReconnects,
  revocation: benchRevocation,
  decisions: benchDecisions,
  backup: benchBackup,
  'cold-start': benchColdStart,
};

function met({ ours, target }: BenchResult): string {
  if (!target) return '';
  const good = target.bound === 'at most' ? ours <= target.value : ours >= target.value;
  return `${good ? 'met' : 'MISSED'}: ${target.bound} ${target.value}`;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' }, documents: { type: 'string', default: '1000000' } },
});
const unknown = positionals.filter((name) => !Object.hasOwn(benches, name));
if (unknown.length > 0) {
  process.stderr.write(`Unknown: ${unknown.join(', ')}. There are ${Object.keys(benches).join(', ')}.\n`);
  process.exit(2);
}
const results: BenchResult[] = [];
for (const [name, bench] of Object.entries(benches)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  process.stderr.write(`${name} ...\n`);
  results.push(...(await bench({ documents: Number(values.documents) })));
}
for (const result of results) {
  const peer = result.peer === null ? '' : `${result.peerName} ${result.peer}, ratio ${result.ratio}`;
  process.stdout.write(
    `${result.name.padEnd(58)} ${String(result.ours).padStart(9)} ${result.unit.padEnd(5)} ${peer.padEnd(34)} ${met(result)}\n`,
  );
}
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(results, null, 2)}\n`);
process.exit(results.some((result) => met(result).startsWith('MISSED')) ? 1 : 0);
