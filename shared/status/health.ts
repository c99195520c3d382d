import type { JournalWriter } from '../backup/journal.ts';
import { newestBackup } from '../backup/backup.ts';
import { readLastDrill } from '../backup/drill-report.ts';
import type { BlobFolder } from '../blobs/blob-folder.ts';
import { second, type Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { SecretStore } from '../secrets/secret-store.ts';
import type { DocumentStore } from '../store/document-store.ts';
import { TunnelError, type RelaySender } from '../tunnel/relay-sender.ts';

export type Readiness = 'ready' | 'failing';

export interface HealthDependencies {
  readonly store: DocumentStore;
  readonly secrets: SecretStore;
  readonly blobs: BlobFolder;
  readonly journal: Pick<JournalWriter, 'check'>;
  readonly sender: RelaySender;
  readonly log: Log;
}

const patience = 3000;

/** Asks every dependency at once, each for at most three seconds. Says which fails, never why: the log does. */
async function readHealth({ store, secrets, blobs, journal, sender, log }: HealthDependencies) {
  async function ready(name: string, ask: () => Promise<unknown>): Promise<Readiness> {
    let timer: NodeJS.Timeout | undefined;
    try {
      const tooLate = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error('no answer in time')), patience);
      });
      await Promise.race([ask(), tooLate]);
      return 'ready';
    } catch (error) {
      log.warn('dependency failing', { name, error: String(error) });
      return 'failing';
    } finally {
      clearTimeout(timer);
    }
  }

  const newestWhole = newestBackup(blobs);
  const [documents, signingSecret, relay, backupFolder, revocations] = await Promise.all([
    ready('documents', () => store.check()),
    ready('signing secret', () => secrets.current('token-signing')),
    ready('relay', () => askRelay(sender)),
    ready('backups', () => newestWhole),
    ready('journal', () => journal.check()),
  ]);
  const dependencies = { documents, signingSecret, relay, backups: backupFolder, journal: revocations };
  const newest = await newestWhole.catch(() => undefined);
  return {
    status: Object.values(dependencies).includes('failing') ? ('failing' as const) : ('ready' as const),
    dependencies,
    lastDrill: (await readLastDrill(blobs).catch(() => undefined)) ?? null,
    lastBackup: newest ? { id: newest.id, finishedAt: newest.finishedAt } : null,
  };
}

/** Those who ask within this time share an answer. */
const sharedFor = 2 * second;

/**
 * Anybody may ask how the service is, and each of the hundred places of a Front Door does; an answer costs a call of
 * every dependency. So who asks while another one was just told gets the same.
 */
export function createHealth({ clock, ...dependencies }: HealthDependencies & { readonly clock: Clock }) {
  let last: { readonly at: number; readonly report: ReturnType<typeof readHealth> } | undefined;
  return (): ReturnType<typeof readHealth> => {
    const now = clock.now();
    if (last === undefined || now < last.at || now - last.at >= sharedFor)
      last = { at: now, report: readHealth(dependencies) };
    return last.report;
  };
}

/** The relay is well when it says that nobody listens where nobody can. */
async function askRelay(sender: RelaySender): Promise<void> {
  try {
    const answer = await sender.send({ connection: 'health', target: '/', method: 'GET', headers: {} });
    answer.body.destroy();
  } catch (error) {
    if (!(error instanceof TunnelError) || error.code !== 'no-listener') throw error;
  }
}
