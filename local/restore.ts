import { mkdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { composeBackupSource, composeServices } from '../functions/trigger/services.ts';
import { openBackup } from '../shared/backup/backup-read.ts';
import { readJournal } from '../shared/backup/journal-read.ts';
import { listBackups, newestBackup } from '../shared/backup/backup-list.ts';
import { BackupUnusable } from '../shared/backup/backup-unusable.ts';
import { exportedKeySecrets, readKeyFile } from './backup-key-file.ts';
import { organizationIn } from '../shared/backup/restore-organization.ts';
import { restored, restoreText } from '../shared/backup/restore-text.ts';
import { planRestore, restore, type RestoreOptions } from '../shared/backup/restore.ts';
import { readConfiguration } from '../shared/configuration.ts';
import { silentLog } from '../shared/log.ts';
import { openSqliteDocumentStore } from '../shared/store/sqlite-document-store.ts';
import { systemClock as clock, systemRandom as random } from '../shared/system-clock.ts';

const usage = `npm run restore -- --from ID|latest [--to FOLDER] [--organization SLUG] [--dry-run] [--yes] [--key FILE]
npm run restore -- --list

  --from ID|latest      which backup
  --to FOLDER           into a store of its own in this folder, to look at; else into the live one
  --organization SLUG   one organization alone
  --dry-run             reads and verifies everything, says what would change, changes nothing
  --yes                 asks nothing
  --key FILE            the backup key as npm run backup:key wrote it, where the secrets are lost
  --list                the backups there are

What is live and sound stays as it is: only what is missing or damaged comes back. After an interruption, start it
again. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 the backup cannot be used, 4 not confirmed.`;

const print = (line: string) => void process.stdout.write(`${line}\n`);
const note = (line: string) => void process.stderr.write(`${line}\n`);

class UsageError extends Error {}

function readArguments(args: string[]) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        from: { type: 'string' },
        to: { type: 'string' },
        organization: { type: 'string' },
        'dry-run': { type: 'boolean', default: false },
        yes: { type: 'boolean', default: false },
        key: { type: 'string' },
        list: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    return values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

async function confirmed(yes: boolean): Promise<boolean> {
  if (yes) return true;
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await prompt.question('Restore this? [y/N] ')).trim());
  } finally {
    prompt.close();
  }
}

/** Waiting for the disk with every document would take hours; an interrupted restore is started again. */
const durable = 'on-close';

/** The live services, or a store alone in a folder. */
function openTarget(folder: string | undefined, configuration: ReturnType<typeof readConfiguration>) {
  if (folder === undefined) {
    const services = composeServices(configuration, { clock, random, log: silentLog, durable });
    return { services, store: services.store };
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return {
    services: undefined,
    store: openSqliteDocumentStore({ file: join(resolve(folder), 'documents.sqlite'), durable }),
  };
}

async function main(args: string[]): Promise<number> {
  const values = readArguments(args);
  if (values.help) {
    print(usage);
    return 0;
  }
  // eslint-disable-next-line no-restricted-properties -- a composition root
  const configuration = readConfiguration(process.env);
  const { blobs, secrets } = composeBackupSource(configuration, { clock, random, log: silentLog });
  if (values.list) {
    const backups = await listBackups(blobs);
    for (const { id, finishedAt, documents, bytes } of backups)
      print(`${id}  finished ${finishedAt}  ${documents} documents  ${bytes} bytes`);
    if (backups.length === 0) print('There is no whole backup.');
    return 0;
  }
  if (values.from === undefined) throw new UsageError('Say which backup: --from ID, or --from latest.');
  if (!values.yes && !values['dry-run'] && !process.stdin.isTTY)
    throw new UsageError('Nobody can be asked here: give --yes.');
  const from = values.from === 'latest' ? (await newestBackup(blobs))?.id : values.from;
  if (from === undefined) throw new BackupUnusable('missing', 'There is no whole backup.');

  const source = {
    blobs,
    secrets: values.key === undefined ? secrets : exportedKeySecrets(await readKeyFile(values.key), secrets),
  };
  const { manifest } = await openBackup(from, source);
  const journal = await readJournal(source, manifest.startedAt);
  const organization =
    values.organization === undefined ? undefined : await organizationIn(from, source, values.organization);
  const { services, store } = openTarget(values.to, configuration);
  try {
    const options: RestoreOptions = {
      from,
      source,
      into: store,
      clock,
      organization,
      lastKnown: journal.lastKnown,
      progress: (container, documents, of) => note(`${container}: ${documents} of ${of}`),
    };
    note(`Verifying backup ${from}`);
    const plan = await planRestore(options);
    print(restoreText(plan, 'plan'));
    print(`The journal tells of ${journal.notes} documents since then.`);
    if (journal.unreadable > 0)
      print(
        `${journal.unreadable} of its files cannot be read: owners should look closely at what they confirm.`,
      );
    if (values['dry-run']) return 0;
    const began = performance.now();
    let documents = 0;
    if (restored(plan) > 0) {
      if (!(await confirmed(values.yes))) return 4;
      note(`Restoring backup ${from}`);
      const outcome = await restore(options, plan);
      print(restoreText(outcome, 'done'));
      documents = restored(outcome);
    }
    if (services === undefined) return 0;
    // Also where there is nothing left to do: an interrupted run came to neither of these.
    await services.audit.append({
      organizationId: organization ?? 'service',
      actor: { kind: 'service', id: 'restore' },
      action: 'backup.restored',
      subject: { kind: 'backup', id: from },
      details: {
        by: userInfo().username,
        documents,
        seconds: Math.round(performance.now() - began) / 1000,
      },
    });
    const asked = await services.heldShares.ask();
    if (asked > 0) {
      const systems = asked === 1 ? 'one system' : `${asked} systems`;
      print(`The owners of ${systems} were asked to confirm what came back open.`);
    }
    return 0;
  } finally {
    services?.sender.close();
    await store.close();
  }
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    note(error instanceof Error ? error.message : String(error));
    if (error instanceof UsageError) note(usage);
    if (error instanceof BackupUnusable && error.fault === 'key-missing')
      note('Put the secrets of the service back, or give the exported key: --key FILE.');
    process.exitCode = error instanceof UsageError ? 2 : error instanceof BackupUnusable ? 3 : 1;
  },
);
