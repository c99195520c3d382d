import type { Container, CosmosClient } from '@azure/cosmos';
import type { Random } from '../clock.ts';
import type { Log } from '../log.ts';
import { readContinuation, writeContinuation, type Position } from './continuation.ts';
import { attempt, isRefused } from './cosmos-attempts.ts';
import { cosmosClient, prepareEmulator, type CosmosAccount } from './cosmos-client.ts';
import { metaContainer } from './cosmos-containers.ts';
import { ownerMissing, unavailable } from './cosmos-errors.ts';
import { cosmosQuery } from './cosmos-query.ts';
import { boundedJson, canBeKept } from './document-bounds.ts';
import {
  DocumentChanged,
  DocumentExists,
  type ContainerName,
  type Document,
  type DocumentStore,
  type Etag,
  type Page,
  type Query,
  type Versioned,
} from './document-store.ts';
import { checkQuery, queryShape } from './query-bounds.ts';
import { DocumentTooLarge, StoreUnavailable } from './store-errors.ts';

export interface CosmosDocumentStoreOptions extends CosmosAccount {
  readonly random: Random;
  /** Told of each try after the first. */
  readonly onRetry?: () => void;
  readonly log: Log;
}

/** A page ends early rather than hold more JSON than this in memory, in characters. */
const pageCharacters = 8_000_000;
const scanPage = 500;
const continuationKeyId = 'continuation-key';

/** Levels at which what one host wrote is what every other host reads, as long as they read where it is written. */
const strongEnough: readonly string[] = ['Strong', 'BoundedStaleness'];

/** A document as it lies in Cosmos DB. `_write` names the write that made it so. */
interface Kept extends Document {
  readonly _etag: Etag;
  readonly _write?: string;
}

/** Documents in a Cosmos DB account (API for NoSQL), one container each, partitioned by `/pk`. */
export function cosmosDocumentStore(options: CosmosDocumentStoreOptions): DocumentStore {
  return new CosmosDocumentStore(options);
}

class CosmosDocumentStore implements DocumentStore {
  readonly #options: CosmosDocumentStoreOptions;
  #client: Promise<CosmosClient> | undefined;
  #continuationKey: Promise<Uint8Array> | undefined;
  #closed = false;

  constructor(options: CosmosDocumentStoreOptions) {
    this.#options = options;
  }

  async read<T extends Document>(container: ContainerName, pk: string, id: string) {
    if (!canBeKept(pk, id)) return undefined;
    const kept = await this.#read(container, pk, id);
    return kept && versioned<T>(kept);
  }

  async create(container: ContainerName, document: Document): Promise<Etag> {
    boundedJson(document);
    const etag = await this.#create(container, document);
    if (etag === undefined) throw new DocumentExists(`A document with this id is in ${container} already.`);
    return etag;
  }

  async replace(container: ContainerName, document: Document, etag: Etag): Promise<Etag> {
    boundedJson(document);
    const { id, pk } = document;
    const write = this.#newWrite();
    const outcome = await this.#run(
      container,
      async (items, abortSignal) =>
        etagOf(
          await items
            .item(id, pk)
            .replace(
              { ...document, _write: write },
              { abortSignal, accessCondition: { type: 'IfMatch', condition: etag } },
            ),
        ),
      [404, 412, 413],
    );
    if (!isRefused(outcome)) return outcome.etag;
    if (outcome.status === 413) throw tooLarge();
    return (await this.#etagOfWrite(container, pk, id, write)) ?? refuse(container);
  }

  async remove(container: ContainerName, pk: string, id: string, etag?: Etag): Promise<void> {
    if (!canBeKept(pk, id)) return etag === undefined ? undefined : refuse(container);
    const outcome = await this.#run(
      container,
      async (items, abortSignal) => {
        await items.item(id, pk).delete({
          abortSignal,
          ...(etag !== undefined && { accessCondition: { type: 'IfMatch', condition: etag } }),
        });
        return {};
      },
      [404, 412],
    );
    if (!isRefused(outcome)) return;
    // A try that nobody heard of may have removed it.
    if (outcome.status === 404 && (etag === undefined || outcome.again)) return;
    refuse(container);
  }

  async query<T extends Document>(container: ContainerName, query: Query): Promise<Page<Versioned<T>>> {
    checkQuery(container, query);
    const shape = queryShape(container, query);
    const after =
      query.continuation === undefined
        ? undefined
        : readContinuation(await this.#sealingKey(), shape, query.continuation);
    const { found, more } = await this.#find(container, query, after);
    const last = found.at(-1);
    if (!more || last === undefined) return { items: found.map((kept) => versioned<T>(kept)) };
    const position = positionOf(last, query.orderBy?.[0] ?? 'id');
    return {
      items: found.map((kept) => versioned<T>(kept)),
      continuation: writeContinuation(await this.#sealingKey(), shape, position),
    };
  }

  async *scan(container: ContainerName): AsyncGenerator<Document> {
    for await (const page of this.#pages(container)) yield* page;
  }

  async *scanTexts(container: ContainerName): AsyncGenerator<readonly string[]> {
    for await (const page of this.#pages(container)) yield page.map((document) => JSON.stringify(document));
  }

  async *#pages(container: ContainerName): AsyncGenerator<readonly Document[]> {
    for (let after: Position | undefined; ;) {
      const { found, more } = await this.#find(container, { limit: scanPage }, after);
      yield found.map((kept) => versioned(kept).document);
      const last = found.at(-1);
      if (!more || last === undefined) return;
      after = positionOf(last, 'id');
    }
  }

  async check(): Promise<void> {
    await this.#read(metaContainer, continuationKeyId, continuationKeyId);
  }

  async close(): Promise<void> {
    this.#closed = true;
    (await this.#client?.catch(() => undefined))?.dispose();
  }

  async #read(container: string, pk: string, id: string): Promise<Kept | undefined> {
    const outcome = await this.#run(container, async (items, abortSignal) => {
      const { resource, statusCode, substatus } = await items.item(id, pk).read<Kept>({ abortSignal });
      if (resource === undefined && substatus === ownerMissing)
        throw unavailable({ status: statusCode, substatus, code: undefined });
      return { resource };
    });
    return isRefused(outcome) ? undefined : outcome.resource;
  }

  /** @returns undefined when a document with this id is there already */
  async #create(container: string, document: Document): Promise<Etag | undefined> {
    const write = this.#newWrite();
    const outcome = await this.#run(
      container,
      async (items, abortSignal) =>
        etagOf(await items.items.create({ ...document, _write: write }, { abortSignal })),
      [409, 413],
    );
    if (!isRefused(outcome)) return outcome.etag;
    if (outcome.status === 413) throw tooLarge();
    return this.#etagOfWrite(container, document.pk, document.id, write);
  }

  /**
   * Tells a conflict with others from one with ourselves: a write whose answer was lost is tried again, by the
   * SDK too, and meets what it wrote.
   */
  async #etagOfWrite(container: string, pk: string, id: string, write: string): Promise<Etag | undefined> {
    const kept = await this.#read(container, pk, id);
    return kept?._write === write ? kept._etag : undefined;
  }

  async #find(container: string, query: Query, after: Position | undefined) {
    const outcome = await this.#run(container, async (items, abortSignal) => {
      const found: Kept[] = [];
      let characters = 0;
      const pages = items.items.query<Kept>(cosmosQuery(query, after), {
        abortSignal,
        maxItemCount: query.limit + 1,
        ...(query.partition !== undefined && { partitionKey: query.partition }),
      });
      while (pages.hasMoreResults()) {
        const { resources = [] } = await pages.fetchNext();
        for (const kept of resources) {
          characters += JSON.stringify(kept).length;
          if (found.length === query.limit || (found.length > 0 && characters > pageCharacters))
            return { found, more: true };
          found.push(kept);
        }
      }
      return { found, more: false };
    });
    return isRefused(outcome) ? { found: [], more: false } : outcome;
  }

  /** One key for all hosts, so that each takes the continuations of the others. */
  #sealingKey(): Promise<Uint8Array> {
    this.#continuationKey ??= this.#readOrMakeSealingKey().catch((error: unknown) => {
      this.#continuationKey = undefined;
      throw error;
    });
    return this.#continuationKey;
  }

  async #readOrMakeSealingKey(): Promise<Uint8Array> {
    const id = continuationKeyId;
    const value = Buffer.from(this.#options.random.bytes(32)).toString('base64url');
    let kept: Document | undefined = await this.#read(metaContainer, id, id);
    if (kept === undefined) {
      const made = { id, pk: id, value };
      const etag = await this.#create(metaContainer, made);
      kept = etag === undefined ? await this.#read(metaContainer, id, id) : made;
    }
    if (kept === undefined || !('value' in kept) || typeof kept.value !== 'string')
      throw new StoreUnavailable('damaged', 'The store lacks its own key.');
    return Buffer.from(kept.value, 'base64url');
  }

  #run<T extends object>(
    container: string,
    act: (items: Container, abortSignal: AbortSignal) => Promise<T>,
    expected: Parameters<typeof attempt>[2] = [],
  ) {
    const { database, random, onRetry } = this.#options;
    let tries = 0;
    return attempt(
      random,
      async (signal) => {
        if (tries++ > 0) onRetry?.();
        const client = await this.#open();
        return act(client.database(database).container(container), signal);
      },
      expected,
    );
  }

  #open(): Promise<CosmosClient> {
    if (this.#closed) throw new StoreUnavailable('closed', 'The store was closed.');
    this.#client ??= this.#connect().catch((error: unknown) => {
      this.#client = undefined;
      throw error;
    });
    return this.#client;
  }

  async #connect(): Promise<CosmosClient> {
    const { key, database, log } = this.#options;
    const client = await cosmosClient(this.#options);
    if (key !== undefined) {
      await prepareEmulator(client, database);
      return client;
    }
    const { resource } = await client.getDatabaseAccount();
    const consistency = resource?.consistencyPolicy ?? 'unknown';
    if (!strongEnough.includes(consistency))
      log.warn('the consistency of the Cosmos DB account is too weak for more than one host', {
        consistency,
      });
    return client;
  }

  #newWrite(): string {
    return Buffer.from(this.#options.random.bytes(12)).toString('base64url');
  }
}

function refuse(container: ContainerName): never {
  throw new DocumentChanged(`The document in ${container} is not there, or was changed meanwhile.`);
}

const tooLarge = () => new DocumentTooLarge('The document is too large for Cosmos DB.');

function etagOf({ etag, resource }: { etag?: string; resource?: { _etag?: string } | undefined }) {
  return { etag: (etag ?? resource?._etag ?? '') as Etag };
}

const positionOf = (kept: Kept, field: string): Position => {
  const value = new Map<string, unknown>(Object.entries(kept)).get(field);
  return { value: typeof value === 'number' ? value : String(value), id: kept.id, pk: kept.pk };
};

const added: ReadonlySet<string> = new Set(['_rid', '_self', '_etag', '_attachments', '_ts', '_write']);

function versioned<T extends Document>(kept: Kept): Versioned<T> {
  const members = Object.entries(kept).filter(([name]) => !added.has(name));
  return { document: Object.fromEntries(members) as unknown as T, etag: kept._etag };
}
