import { writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { composeBackupSource, composeServices } from '../functions/trigger/services.ts';
import { serviceAudit } from '../shared/audit/audit-log.ts';
import { runBackup } from '../shared/backup/backup-run.ts';
import { readConfiguration } from '../shared/configuration.ts';
import { silentLog } from '../shared/log.ts';
import { systemClock as clock, systemRandom as random } from '../shared/system-clock.ts';
import { keyFileText } from './backup-key-file.ts';

// eslint-disable-next-line no-restricted-properties -- a composition root
const configuration = readConfiguration(process.env);
const print = (line: string) => void process.stdout.write(`${line}\n`);
const note = (line: string) => void process.stderr.write(`${line}\n`);

/** One backup now, as the timer makes it. */
async function backup(): Promise<void> {
  const services = composeServices(configuration, { clock, random, log: silentLog });
  try {
    const { id, files } = await runBackup({
      ...services,
      progress: (container, documents) => note(`${container}: ${documents}`),
    });
    print(`Backup ${id}: ${files.reduce((sum, { documents }) => sum + documents, 0)} documents`);
  } finally {
    services.sender.close();
    await services.store.close();
  }
}

async function noteExport(versions: number): Promise<void> {
  const services = composeServices(configuration, { clock, random, log: silentLog });
  try {
    await services.audit.append({
      organizationId: serviceAudit,
      actor: { kind: 'service', id: 'backup:key' },
      action: 'key.exported',
      subject: { kind: 'secret', id: 'backup' },
      details: { by: userInfo().username, versions },
    });
  } finally {
    services.sender.close();
    await services.store.close();
  }
}

/** Who has this file and the backups can read everything: it belongs in a safe, apart from them. */
async function exportKey(file: string): Promise<void> {
  const { secrets } = composeBackupSource(configuration, { clock, random, log: silentLog });
  const versions = await secrets.versions('backup');
  await writeFile(file, keyFileText(versions), { mode: 0o600, flag: 'wx' }).catch((error: unknown) => {
    const there = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    throw there ? new Error(`${file} is there already: give a new name. Nothing was written.`) : error;
  });
  print(`The backup key is in ${file}. Keep it safe, and apart from the backups.`);
  // It must be had where the store is lost, too.
  await noteExport(versions.length).catch((error: unknown) => print(`Not in the audit: ${String(error)}`));
}

const [act, file, ...rest] = process.argv.slice(2);
const usage = 'npm run backup, or npm run backup:key -- FILE (a new file)';
const run =
  act === undefined
    ? backup()
    : act === 'key' && file !== undefined && !file.startsWith('-') && rest.length === 0
      ? exportKey(file)
      : undefined;
if (run === undefined) {
  process.stderr.write(`${usage}\n`);
  process.exitCode = 2;
}
run?.catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
