import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { minute } from '../../shared/clock.ts';
import { GatewayError, systemCodeOf } from '../gateway-error.ts';
import type { Timer } from '../timer.ts';
import { makePrivateFolder } from './atomic-file.ts';

/** What a lock guards; each name is a lock of its own. */
export type LockName = 'credentials' | 'approval' | 'shares' | 'run';

export interface HeldLock {
  release(): void;
}

/** Locks between processes that share a state folder. */
export interface FolderLocks {
  /** @returns undefined when another process, or another holder in this one, has it */
  tryHold(name: LockName): Promise<HeldLock | undefined>;
  /**
   * Runs `work` while no other holder runs.
   * @throws GatewayError `busy` when the lock is not free within two minutes
   */
  exclusively<T>(name: LockName, work: () => Promise<T>): Promise<T>;
}

/**
 * A lock is SQLite's exclusive lock on an empty file. The kernel gives it back when the process ends, however
 * it ends: unlike with a file holding a process id, there is nothing stale to detect, no id that another
 * process got meanwhile, and it also works between containers that share the folder.
 */
export function folderLocks(folder: string, timer: Timer): FolderLocks {
  const tryHold = async (name: LockName): Promise<HeldLock | undefined> => {
    await makePrivateFolder(folder);
    const database = new DatabaseSync(join(folder, `${name}.lock`), { timeout: 0 });
    try {
      database.exec('BEGIN EXCLUSIVE');
    } catch (error) {
      database.close();
      if (isBusy(error)) return undefined;
      throw error;
    }
    return { release: () => database.close() };
  };

  return {
    tryHold,
    async exclusively(name, work) {
      const patience = 2 * minute;
      const pause = 50;
      for (let waited = 0; waited < patience; waited += pause) {
        const held = await tryHold(name);
        if (held === undefined) {
          await timer.sleep(pause);
          continue;
        }
        try {
          return await work();
        } finally {
          held.release();
        }
      }
      throw new GatewayError(
        'busy',
        `Another process of this gateway has held ${name}.lock for two minutes.`,
      );
    },
  };
}

const sqliteBusy = 5;

function isBusy(error: unknown): boolean {
  return (
    typeof error === 'object' &&
    error !== null &&
    systemCodeOf(error) === 'ERR_SQLITE_ERROR' &&
    'errcode' in error &&
    error.errcode === sqliteBusy
  );
}
