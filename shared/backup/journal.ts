import { isDeepStrictEqual } from 'node:util';
import { instant, minute, second, type Clock, type Random } from '../clock.ts';
import type { Log } from '../log.ts';
import type { CollectionListener } from '../store/collection.ts';
import type { Document } from '../store/document-store.ts';
import { backupsKept } from './backup-list.ts';
import {
  journalBlobName,
  journalBlobs,
  merged,
  readJournalBlob,
  writeJournalBlob,
  type JournalPlace,
} from './journal-blob.ts';
import { NewestNotes } from './journal-read.ts';
import {
  journalled,
  type Journalled,
  type JournalledContainer,
  type JournalledDocument,
} from './journalled.ts';

export interface JournalDependencies extends JournalPlace {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** A revocation waits so long for its note, and no longer: it holds without it. */
const patience = 2 * second;
/** Notes of renewals gather for so long. */
const settling = second;

/**
 * Notes beside the backups what is revoked, ended, spent or deleted, as it happens: where the store is lost, a restore
 * knows by it what must not come back. The change itself comes first, and never fails for its note; notes that could
 * not be written are kept and tried again.
 */
export function createJournal({ blobs, secrets, clock, random, log }: JournalDependencies) {
  let pending = new NewestNotes();
  let writing: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let written = 0;
  let behindSince: number | undefined;

  async function writeAll(): Promise<void> {
    while (pending.size > 0) {
      const taken = pending;
      pending = new NewestNotes();
      try {
        const name = journalBlobName(instant(clock.now()), written++, random);
        await writeJournalBlob(name, taken.values(), { blobs, secrets, random });
      } catch (error) {
        for (const note of pending.values()) taken.add(note);
        pending = taken;
        if (behindSince === undefined) log.error('journal not written', { error: String(error) });
        behindSince ??= clock.now();
        throw error;
      }
    }
    behindSince = undefined;
  }

  /** One blob is written at a time; what comes meanwhile goes together into the next. */
  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    writing ??= writeAll().finally(() => (writing = undefined));
    return writing;
  }

  function flushSoon(): void {
    timer ??= setTimeout(() => void flush().catch(() => {}), settling).unref();
  }

  async function flushInTime(): Promise<void> {
    let late: NodeJS.Timeout | undefined;
    const tooLate = new Promise<void>((resolve) => (late = setTimeout(resolve, patience).unref()));
    await Promise.race([flush().catch(() => {}), tooLate]);
    clearTimeout(late);
  }

  return {
    /** For the collection of a container: notes every write that changes what matters. */
    of<Container extends JournalledContainer>(
      container: Container,
    ): CollectionListener<JournalledDocument<Container>> {
      const { essence, maySettle }: Journalled<JournalledDocument<Container>> = journalled[container];
      return {
        async wrote({ pk, id }, before, after) {
          if (before && after && isDeepStrictEqual(essence(before), essence(after))) return;
          const document: Document | undefined = after;
          pending.add({
            ...{ container, pk, id, at: instant(clock.now()) },
            ...(document && { document: { ...document } }),
          });
          if (after && maySettle?.(after)) flushSoon();
          else await flushInTime();
        },
      };
    },

    /** Writes what is not written yet. @throws what keeps it from being written */
    flush,

    /** @throws Error when notes could not be written for a minute */
    async check(): Promise<void> {
      if (behindSince !== undefined && clock.now() - behindSince >= minute)
        throw new Error(`The journal is behind since ${instant(behindSince)}.`);
    },

    /** Puts notes from before a moment together into one blob, and forgets those older than any backup. */
    async compact(before: number): Promise<void> {
      const kept = clock.now() - backupsKept;
      for (const name of await journalBlobs(blobs, -Infinity, kept)) await blobs.remove(name);
      const single = (await journalBlobs(blobs, kept, before)).filter((name) => !name.endsWith(merged));
      const newest = new NewestNotes();
      const read: string[] = [];
      for (const name of single) {
        const notes = await readJournalBlob(name, { blobs, secrets });
        if (notes === undefined) continue;
        for (const note of notes) newest.add(note);
        read.push(name);
      }
      const last = read.at(-1);
      if (last === undefined || read.length < 2) return;
      // Named by the newest of them, so that whoever reads from a moment on misses none. After a crash between, notes
      // are there twice, which changes nothing.
      await writeJournalBlob(`${last}${merged}`, newest.values(), { blobs, secrets, random });
      for (const name of read) await blobs.remove(name);
    },
  };
}

export type JournalWriter = ReturnType<typeof createJournal>;
