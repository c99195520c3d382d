import { setTimeout } from 'node:timers/promises';
import type { z } from 'zod';
import {
  DocumentChanged,
  type ContainerName,
  type Document,
  type DocumentStore,
  type Etag,
  type Page,
  type Query,
  type Versioned,
} from './document-store.ts';
import { turns } from './turns.ts';

const updateAttempts = 8;

/** A stored document is not what its schema says. Names the members that are wrong, never their values. */
export class StoredDocumentInvalid extends Error {
  override name = 'StoredDocumentInvalid';
}

export interface CollectionOptions {
  /** Turns a document of any older `schemaVersion` into the present form, before the schema parses it. */
  readonly upgrade?: (stored: Document) => unknown;
}

/** Somebody who wants to know what was written over and removed. */
export interface CollectionListener<T extends Document> {
  /** @param before unknown to some writes @param after undefined once it was removed; never fails the write */
  wrote(place: Document, before: T | undefined, after: T | undefined): Promise<void>;
}

/** One container of the store, its documents checked against a schema as they are read. */
export interface Collection<T extends Document> {
  /** @param id where partition key and id are the same, the first is enough */
  read(pk: string, id?: string): Promise<Versioned<T> | undefined>;
  /** @throws DocumentExists */
  create(document: T): Promise<Etag>;
  /** @throws DocumentChanged */
  replace(document: T, etag: Etag): Promise<Etag>;
  /**
   * Reads, changes and writes if nobody wrote meanwhile; else again, `attempts` times (8). `change` runs
   * once per attempt, so it must have no other effect; it may throw to give up, or give undefined to
   * leave the document as it is.
   *
   * @returns the document as it is now stored; undefined when there is none
   * @throws DocumentChanged when others were faster every time
   */
  update(
    pk: string,
    id: string,
    change: (current: T) => T | undefined,
    attempts?: number,
  ): Promise<T | undefined>;
  /** @throws DocumentChanged when an ETag is given and does not match */
  remove(pk: string, id: string, etag?: Etag): Promise<void>;
  query(query: Query): Promise<Page<Versioned<T>>>;
}

export function collection<T extends Document>(
  store: DocumentStore,
  container: ContainerName,
  schema: z.ZodType<T>,
  { upgrade, wrote }: CollectionOptions & Partial<CollectionListener<T>> = {},
): Collection<T> {
  const parse = ({ document, etag }: Versioned<Document>): Versioned<T> => {
    const result = schema.safeParse(upgrade === undefined ? document : upgrade(document));
    if (result.success) return { document: result.data, etag };
    const members = result.error.issues.map((issue) => issue.path.join('.') || 'the document');
    throw new StoredDocumentInvalid(`In ${container}, not as the schema says: ${members.join(', ')}.`);
  };
  const inTurn = turns();

  const read = async (pk: string, id = pk) => {
    const found = await store.read(container, pk, id);
    return found && parse(found);
  };

  const updateOnce = async (pk: string, id: string, change: (current: T) => T | undefined) => {
    const found = await read(pk, id);
    const next = found && change(found.document);
    if (found === undefined || next === undefined) return found?.document;
    await store.replace(container, next, found.etag);
    await wrote?.(next, found.document, next);
    return next;
  };

  return {
    read,
    create: (document) => store.create(container, document),
    replace: async (document, etag) => {
      const written = await store.replace(container, document, etag);
      await wrote?.(document, undefined, document);
      return written;
    },
    update: (pk, id, change, attempts = updateAttempts) =>
      inTurn(JSON.stringify([pk, id]), async () => {
        for (let attempt = 1; ; attempt++) {
          try {
            return await updateOnce(pk, id, change);
          } catch (error) {
            if (!(error instanceof DocumentChanged) || attempt >= attempts) throw error;
            await setTimeout(2 ** attempt);
          }
        }
      }),
    remove: async (pk, id, etag) => {
      await store.remove(container, pk, id, etag);
      await wrote?.({ pk, id }, undefined, undefined);
    },
    query: async (query) => {
      const page = await store.query(container, query);
      return { ...page, items: page.items.map(parse) };
    },
  };
}
