import { createAuditLog, serviceAudit, type AuditLog } from '../audit/audit-log.ts';
import { canonicalJson } from '../audit/canonical-json.ts';
import { instant, second, type Clock, type Random } from '../clock.ts';
import type { Log } from '../log.ts';
import { containerNames, type DocumentStore } from '../store/document-store.ts';
import { newestBackup } from './backup-list.ts';
import { openBackup, type BackupSource } from './backup-read.ts';
import { BackupUnusable } from './backup-unusable.ts';
import { writeLastDrill, type DrillReport } from './drill-report.ts';
import { checkInvariants } from './invariants.ts';
import { restorePolicies, type RestoreContext } from './restore-policy.ts';
import { restore } from './restore.ts';

/** A store of its own, to be thrown away. */
export interface Scratch {
  readonly store: DocumentStore;
  remove(): Promise<void>;
}

export interface DrillDependencies extends BackupSource {
  readonly openScratch: () => Promise<Scratch>;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

const actor = { kind: 'service', id: 'drill' } as const;

/**
 * Restores the newest backup into a scratch place, compares every document, checks the invariants, and writes down how
 * old the backup was (RPO) and how long it took (RTO).
 *
 * @throws what went wrong, after writing it down, so that the timer counts as failed
 */
export async function runDrill(dependencies: DrillDependencies): Promise<DrillReport> {
  const { audit, blobs, clock, log } = dependencies;
  const at = instant(clock.now());
  const backup = await newestBackup(blobs);
  const note = async (report: DrillReport) => {
    await writeLastDrill(blobs, report);
    const { passed, backup: id = 'none', rpoSeconds, rtoSeconds, documents } = report;
    await audit.append({
      organizationId: serviceAudit,
      actor,
      action: passed ? 'drill.passed' : 'drill.failed',
      subject: { kind: 'backup', id },
      details: {
        ...(rpoSeconds !== undefined && { rpoSeconds }),
        ...(rtoSeconds !== undefined && { rtoSeconds }),
        ...(documents !== undefined && { documents }),
      },
    });
    return report;
  };
  try {
    if (backup === undefined) throw new BackupUnusable('missing', 'There is no whole backup.');
    const { documents, rtoSeconds, loose } = await rehearse(backup.id, dependencies);
    const rpoSeconds = (Date.parse(at) - Date.parse(backup.startedAt)) / second;
    log.info('drill passed', { id: backup.id, documents, rpoSeconds, rtoSeconds, loose });
    return await note({ at, passed: true, backup: backup.id, rpoSeconds, rtoSeconds, documents });
  } catch (error) {
    log.error('drill failed', { id: backup?.id, error: String(error) });
    await note({ at, passed: false, ...(backup && { backup: backup.id }) }).catch((lost: unknown) =>
      log.error('failed drill not written down', { error: String(lost) }),
    );
    throw error;
  }
}

async function rehearse(id: string, { openScratch, clock, random, ...source }: DrillDependencies) {
  const scratch = await openScratch();
  try {
    const { store } = scratch;
    const began = clock.now();
    // One moment for all, so that what was held can be compared.
    const still = { now: () => began };
    const { forkedChains } = await restore({ from: id, source, into: store, clock: still });
    const rtoSeconds = (clock.now() - began) / second;
    const documents = await compare(id, source, store, still);
    if (forkedChains.length > 0) throw new Error('Audit chains of the backup contradict themselves.');
    let loose = 0;
    for await (const { kind, container, what } of checkInvariants(
      store,
      createAuditLog({ store, clock, random }),
    )) {
      if (kind === 'broken') throw new Error(`In ${container}, a document ${what}.`);
      loose++;
    }
    return { documents, rtoSeconds, loose };
  } finally {
    await scratch.remove();
  }
}

/** @returns how many documents are as they should be @throws Error when one is not */
async function compare(
  id: string,
  source: BackupSource,
  store: DocumentStore,
  clock: Clock,
): Promise<number> {
  const backup = await openBackup(id, source);
  const context: RestoreContext = {
    now: instant(clock.now()),
    takenAt: backup.manifest.startedAt,
    planning: false,
    live: async (container, pk) => (await store.read(container, pk, pk))?.document,
  };
  let compared = 0;
  for (const container of containerNames) {
    const policy = restorePolicies[container];
    for await (const document of backup.documents(container)) {
      if (policy.kind === 'never') continue;
      if (policy.kind === 'lost' && !policy.isSound(document))
        throw new Error(`A document of ${container} was damaged before it was backed up.`);
      const wanted = policy.kind === 'chain' ? document : await policy.back(document, context);
      const found = (await store.read(container, document.pk, document.id))?.document;
      if (canonicalJson(wanted ?? null) !== canonicalJson(found ?? null))
        throw new Error(`A document of ${container} did not come back as it was.`);
      compared++;
    }
  }
  return compared;
}
