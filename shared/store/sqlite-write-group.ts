import { setTimeout as sleep } from 'node:timers/promises';
import type { DatabaseSync } from 'node:sqlite';
import { StoreUnavailable } from './store-errors.ts';

/** Milliseconds for which a transaction stays open, and others wait for their lock; */
const longest = 30;
/** and for which it is left to them then. Who waits tries every few milliseconds, in the end every hundred. */
const breather = 5;

/** Puts writes together into transactions, so that one wait, and one look at each page of an index, does for many. */
export interface WriteGroup {
  /** Before a write, and then again `join`: lets others have the lock between two transactions. */
  wait(): Promise<void>;
  /** The write that comes next belongs to the transaction that is open. @throws what kept an earlier one from its end */
  join(): void;
  /** Commits what is open. @throws what keeps it from being so */
  end(): void;
}

export function writeGroup(database: DatabaseSync): WriteGroup {
  let timer: NodeJS.Timeout | undefined;
  let begunAt: number | undefined;
  let breathing: Promise<void> | undefined;
  let failure: { readonly error: unknown } | undefined;

  /** What was taken for written is not there if this fails: whoever goes on must hear of it. */
  function commit(): void {
    clearTimeout(timer);
    if (begunAt === undefined || !database.isOpen) return;
    begunAt = undefined;
    try {
      // A full disk may have rolled it back already.
      if (!database.isTransaction)
        throw new StoreUnavailable('failed', 'The store took back what was written last.');
      database.exec('COMMIT');
    } catch (error) {
      failure ??= { error };
      if (database.isTransaction) database.exec('ROLLBACK');
    }
    breathing = sleep(breather).then(() => (breathing = undefined));
  }

  function end(): void {
    commit();
    if (failure) throw failure.error;
  }

  return {
    end,
    async wait() {
      if (begunAt !== undefined && performance.now() - begunAt >= longest) end();
      while (breathing) await breathing;
    },
    join() {
      if (failure) throw failure.error;
      if (begunAt !== undefined) return;
      database.exec('BEGIN IMMEDIATE');
      begunAt = performance.now();
      timer = setTimeout(commit, longest);
    },
  };
}
