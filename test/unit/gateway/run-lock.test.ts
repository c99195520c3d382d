import { folderLocks, type HeldLock } from '../../../gateway/state/folder-lock.ts';
import { holdRun } from '../../../gateway/state/run-lock.ts';
import { systemTimer } from '../../../gateway/timer.ts';
import { removeFolders, temporaryFolder } from './temporary-folder.ts';

afterEach(removeFolders);

/** A lock that somebody has, and gives back during the wait of this number. */
async function takenUntil(wait: number) {
  const folder = await temporaryFolder();
  const other = await folderLocks(folder, systemTimer).tryHold('run');
  let waits = 0;
  const sleep = async () => {
    if (++waits === wait) other?.release();
  };
  return { held: holdRun(folderLocks(folder, systemTimer), { sleep }), other };
}

it('waits for who only looks whether a gateway runs', async () => {
  const { held } = await takenUntil(2);
  const lock: HeldLock = await held;
  lock.release();
});

it('gives up when another process has it', async () => {
  const { held, other } = await takenUntil(1000);
  await expect(held).rejects.toMatchObject({ code: 'busy' });
  other?.release();
});
