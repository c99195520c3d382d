import { isDeepStrictEqual } from 'node:util';
import type { Instant } from '../clock.ts';
import type { ContainerName, Document, DocumentStore } from '../store/document-store.ts';
import { DocumentChanged } from '../store/document-store.ts';
import { readNotes } from './journal-read.ts';
import type { JournalNote, JournalPlace } from './journal-blob.ts';
import { journalled, type Journalled } from './journalled.ts';

/** A document that is not what the journal noted of it last. */
export interface Forgotten {
  readonly container: ContainerName;
  readonly id: string;
  /** When it was noted. */
  readonly at: Instant;
  /**
   * `ended`: it was over for good, and is not. `deleted`: it was deleted, and is there. `changed`: it was otherwise, and
   * only a person can say which holds.
   */
  readonly kind: 'ended' | 'deleted' | 'changed';
  /** Ended again. */
  readonly applied: boolean;
}

/**
 * Looks whether the store has forgotten what the journal noted, as it may after a failover to a region that lagged
 * behind. What was over for good can be ended again: nothing ever goes back from there, so the note is right whatever
 * happened since. Everything else is only named.
 *
 * @param since milliseconds since 1970
 */
export async function* forgottenRevocations(
  store: DocumentStore,
  place: JournalPlace,
  { since, apply }: { readonly since: number; readonly apply: boolean },
): AsyncGenerator<Forgotten | { readonly kind: 'unreadable'; readonly blobs: number }> {
  const { notes, unreadable } = await readNotes(place, since);
  if (unreadable > 0) yield { kind: 'unreadable', blobs: unreadable };
  for (const note of notes.values()) {
    const kind = await forgotten(store, note);
    if (kind === undefined) continue;
    const applied = apply && kind === 'ended' && (await endAgain(store, note));
    yield { container: note.container, id: note.id, at: note.at, kind, applied };
  }
}

type Kinds = Readonly<Partial<Record<ContainerName, Journalled<never>>>>;

async function forgotten(
  store: DocumentStore,
  { container, pk, id, document: noted }: JournalNote,
): Promise<Forgotten['kind'] | undefined> {
  const kinds: Kinds = journalled;
  const kind = kinds[container];
  const live = (await store.read(container, pk, id))?.document;
  if (kind === undefined || live === undefined) return undefined;
  if (noted === undefined) return 'deleted';
  const isFinal = (document: Document) => kind.isFinal?.(document as never) === true;
  if (isFinal(noted)) return isFinal(live) ? undefined : 'ended';
  const same = isDeepStrictEqual(kind.essence(live as never), kind.essence(noted as never));
  // Who is over may have been ended by a note that is still on its way.
  return same || isFinal(live) ? undefined : 'changed';
}

/** @returns false when somebody wrote it meanwhile, or it is gone */
async function endAgain(
  store: DocumentStore,
  { container, pk, id, document }: JournalNote,
): Promise<boolean> {
  const live = await store.read(container, pk, id);
  if (live === undefined || document === undefined) return false;
  try {
    await store.replace(container, document, live.etag);
    return true;
  } catch (error) {
    if (error instanceof DocumentChanged) return false;
    throw error;
  }
}
