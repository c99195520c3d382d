import { setImmediate } from 'node:timers/promises';
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { readContinuation, writeContinuation } from './continuation.ts';
import { boundedJson } from './document-bounds.ts';
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
import { fromSqlite, sqliteCode } from './sqlite-errors.ts';
import { sqlQuery } from './sqlite-query.ts';
import { openSqliteFile, type SqliteFile } from './sqlite-schema.ts';
import { writeGroup, type WriteGroup } from './sqlite-write-group.ts';
import { StoreUnavailable } from './store-errors.ts';

/** A page ends early rather than hold more JSON than this in memory, in characters. */
const pageCharacters = 8_000_000;
// What lies in memory while it is passed on makes the young generation grow, for good.
const scanRows = 50;
const cachedStatements = 500;
const newEtag = 'lower(hex(randomblob(12)))';

interface Row {
  readonly seq: number;
  readonly pk: string;
  readonly id: string;
  readonly etag: Etag;
  readonly json: string;
  readonly position: string | number;
  readonly valid?: number;
}

/**
 * A document store in one SQLite file, shared by any number of processes on one machine. A write that
 * was acknowledged outlives the process and a power cut.
 *
 * @throws StoreUnavailable when the file cannot be opened, is not ours, or is of a newer version
 */
export function openSqliteDocumentStore(options: SqliteFile): DocumentStore {
  return new SqliteDocumentStore(openSqliteFile(options), options.durable);
}

class SqliteDocumentStore implements DocumentStore {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #continuationKey: Uint8Array;
  /** Where writes need not be durable each by itself. */
  readonly #group: WriteGroup | undefined;

  constructor(database: DatabaseSync, durable: SqliteFile['durable']) {
    this.#database = database;
    this.#group = durable === 'on-close' ? writeGroup(database) : undefined;
    const key = database.prepare("SELECT value FROM meta WHERE name = 'continuation-key'").get()?.['value'];
    if (!(key instanceof Uint8Array)) throw new StoreUnavailable('damaged', 'The store lacks its own key.');
    this.#continuationKey = key;
  }

  async read<T extends Document>(container: ContainerName, pk: string, id: string) {
    const row = this.#one(`SELECT etag, json FROM "${container}" WHERE pk = ? AND id = ?`, pk, id);
    return row && versioned<T>(row);
  }

  async create(container: ContainerName, document: Document): Promise<Etag> {
    const json = boundedJson(document);
    const row = await this.#write(
      `INSERT INTO "${container}" (pk, id, etag, json) VALUES (?, ?, ${newEtag}, ?)
       ON CONFLICT (pk, id) DO NOTHING RETURNING etag`,
      ...[document.pk, document.id, json],
    );
    if (row === undefined) throw new DocumentExists(`A document with this id is in ${container} already.`);
    return row.etag;
  }

  async replace(container: ContainerName, document: Document, etag: Etag): Promise<Etag> {
    const json = boundedJson(document);
    const row = await this.#write(
      `UPDATE "${container}" SET json = ?, etag = ${newEtag} WHERE pk = ? AND id = ? AND etag = ? RETURNING etag`,
      ...[json, document.pk, document.id, etag],
    );
    if (row === undefined) throw changed(container);
    return row.etag;
  }

  async remove(container: ContainerName, pk: string, id: string, etag?: Etag): Promise<void> {
    const sql = `DELETE FROM "${container}" WHERE pk = ? AND id = ?`;
    if (etag === undefined) await this.#change(sql, pk, id);
    else if ((await this.#change(`${sql} AND etag = ?`, pk, id, etag)) === 0) throw changed(container);
  }

  async query<T extends Document>(container: ContainerName, query: Query): Promise<Page<Versioned<T>>> {
    checkQuery(container, query);
    const shape = queryShape(container, query);
    const after =
      query.continuation === undefined
        ? undefined
        : readContinuation(this.#continuationKey, shape, query.continuation);
    const { sql, values } = sqlQuery(container, query, after);
    const { rows, more } = this.#rows(sql, values, query.limit);
    const last = rows.at(-1);
    return {
      items: rows.map((row) => versioned<T>(row)),
      ...(more && last !== undefined
        ? {
            continuation: writeContinuation(this.#continuationKey, shape, {
              value: last.position,
              id: last.id,
              pk: last.pk,
            }),
          }
        : {}),
    };
  }

  async *scan(container: ContainerName): AsyncGenerator<Document> {
    for await (const texts of this.scanTexts(container)) for (const text of texts) yield parse(text);
  }

  async *scanTexts(container: ContainerName): AsyncGenerator<readonly string[]> {
    const sql = `SELECT seq, json, json_valid(json) AS valid FROM "${container}" WHERE seq > ? ORDER BY seq LIMIT ${scanRows + 1}`;
    let after = 0;
    for (;;) {
      // Each page is its own short read: a long one would keep the WAL from being folded back.
      const { rows, more } = this.#rows(sql, [after], scanRows);
      if (rows.some(({ valid }) => valid === 0))
        throw new StoreUnavailable('damaged', `What is stored in ${container} is no JSON any more.`);
      yield rows.map(({ json }) => json);
      if (!more) return;
      after = rows.at(-1)?.seq ?? after;
      await setImmediate();
    }
  }

  async check(): Promise<void> {
    await this.#change("UPDATE meta SET value = value + 1 WHERE name = 'checks'");
  }

  async close(): Promise<void> {
    if (!this.#database.isOpen) return;
    try {
      if (this.#group) {
        this.#group.end();
        // The journal goes to the disk as a whole, with all that was written before.
        this.#database.exec('PRAGMA synchronous = FULL');
        await this.check();
        this.#group.end();
      }
    } catch (error) {
      throw fromSqlite(error);
    } finally {
      this.#statements.clear();
      this.#database.close();
    }
  }

  #one(sql: string, ...values: SQLInputValue[]): Row | undefined {
    // RETURNING rows are stepped to the end by all(); get() would leave the statement unfinished.
    return this.#run(sql, (statement) => statement.all(...values) as unknown as Row[])[0];
  }

  async #write(sql: string, ...values: SQLInputValue[]): Promise<Row | undefined> {
    if (this.#group) await this.#grouped();
    return this.#run(sql, (statement) => {
      this.#group?.join();
      return (statement.all(...values) as unknown as Row[])[0];
    });
  }

  async #change(sql: string, ...values: SQLInputValue[]): Promise<number> {
    if (this.#group) await this.#grouped();
    return this.#run(sql, (statement) => {
      this.#group?.join();
      return Number(statement.run(...values).changes);
    });
  }

  async #grouped(): Promise<void> {
    await this.#group?.wait().catch((error: unknown) => {
      throw fromSqlite(error);
    });
  }

  /** Up to `limit` rows and a bounded amount of text; `more` when another row follows. */
  #rows(sql: string, values: readonly SQLInputValue[], limit: number): { rows: Row[]; more: boolean } {
    return this.#run(sql, (statement) => {
      const rows: Row[] = [];
      let characters = 0;
      for (const row of statement.iterate(...values) as Iterable<unknown> as Iterable<Row>) {
        if (rows.length === limit || (characters > 0 && characters + row.json.length > pageCharacters))
          return { rows, more: true };
        rows.push(row);
        characters += row.json.length;
      }
      return { rows, more: false };
    });
  }

  #run<T>(sql: string, use: (statement: StatementSync) => T): T {
    if (!this.#database.isOpen) throw new StoreUnavailable('closed', 'The store was closed.');
    try {
      return use(this.#statement(sql));
    } catch (error) {
      // After a failed read of a page the statement may be half-way; a fresh one cannot be.
      if (sqliteCode(error) !== undefined) this.#statements.delete(sql);
      throw fromSqlite(error);
    }
  }

  #statement(sql: string): StatementSync {
    const cached = this.#statements.get(sql);
    if (cached !== undefined) return cached;
    if (this.#statements.size >= cachedStatements) this.#statements.clear();
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

const changed = (container: ContainerName) =>
  new DocumentChanged(`The document in ${container} is not there, or was changed meanwhile.`);

const parse = (json: string) => JSON.parse(json) as Document;

const versioned = <T extends Document>({ json, etag }: Row): Versioned<T> => ({
  document: JSON.parse(json) as T,
  etag,
});
