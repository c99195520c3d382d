import { parseArgs } from 'node:util';
import { composeServices } from '../functions/trigger/services.ts';
import { forgottenRevocations } from '../shared/backup/revocations.ts';
import { hour, instant } from '../shared/clock.ts';
import { readConfiguration } from '../shared/configuration.ts';
import { silentLog } from '../shared/log.ts';
import { systemClock as clock, systemRandom as random } from '../shared/system-clock.ts';

const usage = `npm run revocations [-- --hours N] [--apply]

Does the store know what the journal noted in the last hours (24)? After a failover it may have forgotten some of it.
  --apply   ends again what was over for good: shares, gateways, systems, organizations
Exit codes: 0 the store has forgotten nothing, or what it had is ended again; 1 there is something to look at; 2 wrong usage.`;

const print = (line: string) => void process.stdout.write(`${line}\n`);

const words = {
  ended: 'was ended, and is not',
  deleted: 'was deleted, and is there',
  changed: 'was otherwise',
} as const;

async function look(hours: number, apply: boolean): Promise<number> {
  // eslint-disable-next-line no-restricted-properties -- a composition root
  const services = composeServices(readConfiguration(process.env), { clock, random, log: silentLog });
  const { store, sender, audit } = services;
  let left = 0;
  let applied = 0;
  const since = clock.now() - hours * hour;
  try {
    for await (const found of forgottenRevocations(store, services, { since, apply })) {
      if (found.kind === 'unreadable') {
        left++;
        print(`${found.blobs} files of the journal cannot be read.`);
        continue;
      }
      if (found.applied) applied++;
      else left++;
      print(
        `${found.container} ${found.id} ${words[found.kind]}, noted ${found.at}${found.applied ? ': ended again' : ''}`,
      );
    }
    if (applied > 0)
      await audit.append({
        organizationId: 'service',
        actor: { kind: 'service', id: 'revocations' },
        action: 'backup.restored',
        subject: { kind: 'journal', id: instant(since) },
        details: { documents: applied },
      });
  } finally {
    sender.close();
    await store.close();
  }
  if (applied > 0) print(`${applied} ended again`);
  print(left === 0 ? 'The store knows everything that was noted.' : `${left} to look at`);
  return left === 0 ? 0 : 1;
}

function readArguments(): { hours: number; apply: boolean } | undefined {
  try {
    const { values } = parseArgs({
      options: {
        hours: { type: 'string', default: '24' },
        apply: { type: 'boolean', default: false },
      },
    });
    const hours = Number(values.hours);
    return hours > 0 ? { hours, apply: values.apply } : undefined;
  } catch {
    return undefined;
  }
}

const asked = readArguments();
if (asked === undefined) {
  process.stderr.write(`${usage}\n`);
  process.exitCode = 2;
} else {
  look(asked.hours, asked.apply).then(
    (code) => {
      process.exitCode = code;
    },
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      process.exitCode = 1;
    },
  );
}
