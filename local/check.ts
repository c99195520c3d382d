import { composeServices } from '../functions/trigger/services.ts';
import { checkInvariants } from '../shared/backup/invariants.ts';
import { readConfiguration } from '../shared/configuration.ts';
import { silentLog } from '../shared/log.ts';
import { systemClock as clock, systemRandom as random } from '../shared/system-clock.ts';

/** Says what does not fit in the documents of the service. Exit codes: 0 all fits, 1 not. */
async function check(): Promise<number> {
  // eslint-disable-next-line no-restricted-properties -- a composition root
  const { store, audit, sender } = composeServices(readConfiguration(process.env), {
    clock,
    random,
    log: silentLog,
  });
  let findings = 0;
  try {
    for await (const { kind, container, id, what } of checkInvariants(store, audit)) {
      findings++;
      process.stdout.write(`${kind}: ${container} ${id} ${what}\n`);
    }
  } finally {
    sender.close();
    await store.close();
  }
  process.stdout.write(findings === 0 ? 'All documents fit each other.\n' : `${findings} findings\n`);
  return findings === 0 ? 0 : 1;
}

check().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);
