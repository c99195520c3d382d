import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Services } from '../../../functions/trigger/services.ts';
import { makeBackup } from '../../../shared/backup/backup.ts';
import { readJournal } from '../../../shared/backup/journal-read.ts';
import type { Manifest } from '../../../shared/backup/manifest.ts';
import { restore } from '../../../shared/backup/restore.ts';
import { gatewayRecordSchema } from '../../../shared/systems/gateway-record.ts';

/** How many backups are kept. */
const kept = 8;

/** Backups of the whole service, and restores from them, as the operator makes them. */
export class Restores {
  readonly #made: Manifest[] = [];

  get available(): boolean {
    return this.#made.length > 0;
  }

  /** Forgets the backups that there are, for they know nothing of who connected since. */
  forget(): void {
    this.#made.length = 0;
  }

  async make(services: Services): Promise<void> {
    const manifest = await makeBackup(services);
    this.#made.push(manifest);
    await services.journal.compact(Date.parse(manifest.startedAt));
    const oldest = this.#made.length > kept ? this.#made.shift() : undefined;
    if (oldest) await services.blobs.removeFolder(oldest.id);
  }

  /** @param fraction which backup, 0 (oldest) to 1 */
  async restore(services: Services, fraction: number, journal: boolean): Promise<void> {
    const from = this.#made[Math.floor(fraction * this.#made.length)];
    if (!from) throw new Error('There is no backup.');
    const { store: into, clock } = services;
    const known = journal ? await readJournal(services, from.startedAt) : undefined;
    if (known && known.unreadable > 0) throw new Error('The journal cannot be read.');
    await restore({ from: from.id, source: services, into, clock, lastKnown: known?.lastKnown });
  }
}

/** Loses gateway records of the live store. @param isLost asked for each that is not revoked */
export async function loseRecords({ store }: Services, isLost: () => boolean): Promise<void> {
  const lost: string[] = [];
  for await (const document of store.scan('gateways'))
    if (gatewayRecordSchema.parse(document).state === 'active' && isLost()) lost.push(document.id);
  for (const id of lost) await store.remove('gateways', id, id);
}

/** Loses the embedded store of a service that was stopped. */
export async function loseStore(folder: string): Promise<void> {
  for (const end of ['', '-wal', '-shm']) await rm(join(folder, `documents.sqlite${end}`), { force: true });
}
