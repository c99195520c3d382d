import { minute, type Instant } from '../clock.ts';
import type { ContainerName, Document } from '../store/document-store.ts';
import { journalBlobs, readJournalBlob, type JournalNote, type JournalPlace } from './journal-blob.ts';
import { journalled, type Journalled } from './journalled.ts';

/** The newest state that a document is known to have had; undefined when it is known to be deleted. */
export type LastKnown = (container: ContainerName, inBackup: Document) => Document | undefined;

export const noneKnown: LastKnown = (_, inBackup) => inBackup;

/** By how much the clocks of two hosts may differ. */
const clockTolerance = minute;

const placeOf = (container: string, { pk, id }: { readonly pk: string; readonly id: string }): string =>
  JSON.stringify([container, pk, id]);

/** The newest note of each document, or the one that says it is over. */
export class NewestNotes {
  readonly #notes = new Map<string, JournalNote>();

  get size(): number {
    return this.#notes.size;
  }

  add(note: JournalNote): void {
    const place = placeOf(note.container, note);
    const known = this.#notes.get(place);
    const [was, is] = [known !== undefined && isFinal(known), isFinal(note)];
    const newer = known === undefined || note.at >= known.at;
    if (was === is ? newer : is) this.#notes.set(place, note);
  }

  of(container: ContainerName, document: Document): JournalNote | undefined {
    return this.#notes.get(placeOf(container, document));
  }

  values(): JournalNote[] {
    return [...this.#notes.values()];
  }

  clear(): void {
    this.#notes.clear();
  }
}

function isFinal({ container, document }: JournalNote): boolean {
  const kinds: Readonly<Partial<Record<ContainerName, Pick<Journalled<never>, 'isFinal'>>>> = journalled;
  return document !== undefined && kinds[container]?.isFinal?.(document as never) === true;
}

export interface Journal {
  readonly lastKnown: LastKnown;
  readonly notes: number;
  /** Blobs that could not be read: what they noted is not known. */
  readonly unreadable: number;
}

/** What was noted from a moment on. Memory grows with the documents that changed since then. */
export async function readNotes(
  place: JournalPlace,
  since: number,
): Promise<{ readonly notes: NewestNotes; readonly unreadable: number }> {
  const notes = new NewestNotes();
  let unreadable = 0;
  for (const name of await journalBlobs(place.blobs, since - clockTolerance)) {
    const read = await readJournalBlob(name, place);
    if (read === undefined) unreadable++;
    else for (const note of read) notes.add(note);
  }
  return { notes, unreadable };
}

/** Reads what was noted since a backup was begun. */
export async function readJournal(place: JournalPlace, since: Instant): Promise<Journal> {
  const { notes, unreadable } = await readNotes(place, Date.parse(since));
  return {
    notes: notes.size,
    unreadable,
    lastKnown(container, inBackup) {
      const note = notes.of(container, inBackup);
      return note === undefined ? inBackup : note.document;
    },
  };
}
