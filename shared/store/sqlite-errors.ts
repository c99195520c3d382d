import { StoreUnavailable, type Unavailability } from './store-errors.ts';

/** Primary result codes, https://sqlite.org/rescode.html */
const causes: Readonly<Record<number, readonly [Unavailability, string]>> = {
  5: ['busy', 'The store is locked by another process.'],
  6: ['busy', 'The store is locked by another process.'],
  8: ['read-only', 'The store is read-only.'],
  10: ['failed', 'The disk under the store failed.'],
  11: ['damaged', 'The store file is damaged.'],
  13: ['disk-full', 'The disk under the store is full.'],
  14: ['cannot-open', 'The store file cannot be opened or created.'],
  26: ['foreign', 'The store file is not a SQLite database.'],
};

/** Primary result code of an error from node:sqlite; undefined for any other error. */
export function sqliteCode(error: unknown): number | undefined {
  // Not instanceof: under a test runner, errors of built-in modules come from another realm.
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return undefined;
  if (typeof error.errcode !== 'number') return undefined;
  return error.errcode & 0xff;
}

/** The error a caller of the store should see for one that node:sqlite threw. */
export function fromSqlite(error: unknown): unknown {
  const code = sqliteCode(error);
  if (code === undefined) return error;
  const [reason, message] = causes[code] ?? ['failed', 'The store failed.'];
  return new StoreUnavailable(reason, message, { cause: error });
}
