import { GatewayError } from '../gateway-error.ts';
import type { Timer } from '../timer.ts';
import type { FolderLocks, HeldLock } from './folder-lock.ts';

const attempts = 5;
const pause = 100;

/**
 * The lock of the one process that runs. `status` looks at it by holding it for a moment, so who starts just then tries
 * again.
 * @throws GatewayError `busy` when another process has it
 */
export async function holdRun(locks: FolderLocks, timer: Pick<Timer, 'sleep'>): Promise<HeldLock> {
  for (let attempt = 1; ; attempt++) {
    const held = await locks.tryHold('run');
    if (held) return held;
    if (attempt === attempts)
      throw new GatewayError('busy', 'This gateway runs already, with the same state folder.');
    await timer.sleep(pause);
  }
}
