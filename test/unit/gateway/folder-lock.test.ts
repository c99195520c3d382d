import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { folderLocks } from '../../../gateway/state/folder-lock.ts';
import { systemTimer } from '../../../gateway/timer.ts';
import { stillTime } from './still-time.ts';
import { removeFolders, temporaryFolder } from './temporary-folder.ts';

const holders: ChildProcess[] = [];

/** Starts a process that takes the lock. @returns it, and whether it got it */
async function hold(folder: string, name: string): Promise<{ process: ChildProcess; says: string }> {
  const child = spawn(process.execPath, [join(__dirname, 'lock-holder.ts'), folder, name], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  holders.push(child);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { process: child, says: line.toString().trim() };
}

afterEach(async () => {
  for (const child of holders.splice(0)) {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
  await removeFolders();
});

describe('a lock of the state folder', () => {
  it('is held by one of two processes', async () => {
    const folder = await temporaryFolder();
    expect((await hold(folder, 'credentials')).says).toBe('held');
    expect((await hold(folder, 'credentials')).says).toBe('busy');
    expect(await folderLocks(folder, systemTimer).tryHold('credentials')).toBeUndefined();
  });

  it('is free as soon as its holder is killed, with nothing left to clean up', async () => {
    const folder = await temporaryFolder();
    const { process: holder } = await hold(folder, 'credentials');
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    const held = await folderLocks(folder, systemTimer).tryHold('credentials');
    expect(held).toBeDefined();
    held?.release();
  });

  it('does not stand in the way of a lock of another name', async () => {
    const folder = await temporaryFolder();
    await hold(folder, 'credentials');
    const held = await folderLocks(folder, systemTimer).tryHold('run');
    expect(held).toBeDefined();
    held?.release();
  });

  it('lets one holder after the other work, within one process too', async () => {
    const locks = folderLocks(await temporaryFolder(), systemTimer);
    let inside = 0;
    let most = 0;
    const work = async () => {
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside--;
    };
    await Promise.all(Array.from({ length: 4 }, () => locks.exclusively('shares', work)));
    expect(most).toBe(1);
  });

  it('is free again after work that failed', async () => {
    const locks = folderLocks(await temporaryFolder(), systemTimer);
    await expect(locks.exclusively('shares', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(locks.exclusively('shares', async () => 'done')).resolves.toBe('done');
  });

  it('is given up after two minutes, in words', async () => {
    const folder = await temporaryFolder();
    const { timer, waits } = stillTime();
    const locks = folderLocks(folder, timer);
    const held = await locks.tryHold('shares');
    await expect(locks.exclusively('shares', async () => 'never')).rejects.toMatchObject({
      code: 'busy',
      message: expect.stringContaining('two minutes') as string,
    });
    expect(waits.reduce((sum, wait) => sum + wait, 0)).toBe(120_000);
    held?.release();
  });
});
