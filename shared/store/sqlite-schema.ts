import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { containerNames, containers, type ContainerName } from './document-store.ts';
import { fromSqlite, sqliteCode } from './sqlite-errors.ts';
import { StoreUnavailable } from './store-errors.ts';

/** Raised when an older program could no longer use the file. New containers and indexes do not raise it. */
export const sqliteSchemaVersion = 1;

/** `Drwb`: tells our file from any other SQLite database. */
const applicationId = 0x44727762;

export interface SqliteFile {
  readonly file: string;
  /** Bound on the size of the database, in bytes; past it, writes fail as on a full disk. */
  readonly maximumBytes?: number;
  /** How long to wait for a lock that another process holds; 5000 by default. */
  readonly busyMilliseconds?: number;
  /**
   * When writes outlive a power cut: each before it is acknowledged, by default, or all of them once the store was
   * closed. The latter is for work that is begun again after an interruption.
   */
  readonly durable?: 'each-write' | 'on-close';
}

/** What a field of a document is in SQL; the same text in indexes and in queries, or no index is used. */
export const fieldExpression = (field: string): string =>
  field === 'id' ? 'id' : `json_extract(json, '$.${field}')`;

/**
 * Opens the file, made with its folder if they are missing, for one process among several.
 *
 * @throws StoreUnavailable when it cannot be opened, is not ours, or was written by a newer version
 */
export function openSqliteFile({
  file,
  maximumBytes,
  busyMilliseconds = 5000,
  durable = 'each-write',
}: SqliteFile): DatabaseSync {
  makePrivate(file);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { timeout: busyMilliseconds });
    refuseForeign(database);
    useWal(database);
    // FULL makes a commit wait for the disk: what was acknowledged outlives a power cut as well.
    database.exec(
      'PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864; PRAGMA trusted_schema = OFF',
    );
    if (maximumBytes !== undefined) limitSize(database, maximumBytes);
    prepareSchema(database);
    // Each write that gives back its ETag would make a file for it and delete that again. After the schema, whose
    // new indexes may be larger than memory.
    database.exec('PRAGMA temp_store = MEMORY');
    // NORMAL keeps the file sound as well, but a power cut may take back the last commits.
    // A longer journal is folded back less often, each time with a wait for the disk.
    if (durable === 'on-close')
      database.exec('PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 8000');
    return database;
  } catch (error) {
    database?.close();
    throw fromSqlite(error);
  }
}

/** The file holds personal data, so it is the owner's alone; SQLite gives its journal the same mode. */
function makePrivate(file: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    closeSync(openSync(file, 'a', 0o600));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
    throw new StoreUnavailable('cannot-open', `The store file ${file} cannot be opened or created${code}.`, {
      cause: error,
    });
  }
}

/** The switch to WAL does not wait for other processes that open the file at the same moment. */
function useWal(database: DatabaseSync): void {
  for (let attempt = 0; ; attempt++) {
    try {
      database.exec('PRAGMA journal_mode = WAL');
      return;
    } catch (error) {
      if (sqliteCode(error) !== 5 || attempt === 100) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
    }
  }
}

function refuseForeign(database: DatabaseSync): void {
  const id = pragma(database, 'application_id');
  const version = pragma(database, 'user_version');
  const empty = database.prepare('SELECT count(*) AS count FROM sqlite_schema').get()?.['count'] === 0;
  if (id !== applicationId && !(id === 0 && empty))
    throw new StoreUnavailable('foreign', 'The store file belongs to another program.');
  if (version > sqliteSchemaVersion)
    throw new StoreUnavailable(
      'newer-schema',
      `The store file was written by a newer version (schema ${version}; this program knows ${sqliteSchemaVersion}).`,
    );
}

function limitSize(database: DatabaseSync, bytes: number): void {
  const pages = Math.max(1, Math.floor(bytes / pragma(database, 'page_size')));
  database.exec(`PRAGMA max_page_count = ${pages}`);
}

function pragma(database: DatabaseSync, name: string): number {
  const value = database.prepare(`PRAGMA ${name}`).get()?.[name];
  if (typeof value !== 'number') throw new StoreUnavailable('failed', `The store does not tell its ${name}.`);
  return value;
}

function prepareSchema(database: DatabaseSync): void {
  const rows = database.prepare('SELECT name FROM sqlite_schema').all();
  const present = new Set(rows.map((row) => row['name']));
  const missing = definitions().filter(([name]) => !present.has(name));
  if (missing.length === 0) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    // Another process may have been first, with this version or a newer one.
    refuseForeign(database);
    for (const [, sql] of missing) database.exec(sql);
    database.exec(`INSERT OR IGNORE INTO meta VALUES ('continuation-key', randomblob(32)), ('checks', 0);
      PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${sqliteSchemaVersion}`);
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function definitions(): (readonly [name: string, sql: string])[] {
  return [
    ['meta', 'CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID'],
    ...containerNames.flatMap(containerDefinitions),
  ];
}

function containerDefinitions(container: ContainerName): (readonly [name: string, sql: string])[] {
  const index = (name: string, columns: string) =>
    [name, `CREATE INDEX IF NOT EXISTS "${name}" ON "${container}" (${columns})`] as const;
  return [
    [
      container,
      `CREATE TABLE IF NOT EXISTS "${container}" (seq INTEGER PRIMARY KEY, pk TEXT NOT NULL, id TEXT NOT NULL,
        etag TEXT NOT NULL, json TEXT NOT NULL, UNIQUE (pk, id))`,
    ],
    index(`${container} by id`, 'id, pk'),
    ...containers[container].flatMap((field) => [
      index(`${container} by ${field}`, `${fieldExpression(field)}, id, pk`),
      index(`${container} by pk and ${field}`, `pk, ${fieldExpression(field)}, id`),
    ]),
  ];
}
