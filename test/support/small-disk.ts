import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A folder on a disk that can be filled up, and be given room again. */
export interface SmallDisk {
  readonly folder: string;
  /** @param pid the process that shall find no room any more */
  fill(pid: number): Promise<void>;
  free(pid: number): Promise<void>;
  remove(): Promise<void>;
}

const newFolder = () => mkdtemp(join(tmpdir(), 'drawbridge-disk-'));

/** Root in a container often may not. */
export function mayMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'drawbridge-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', 'drawbridge-test', folder], { stdio: 'ignore' });
    execFileSync('umount', [folder]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A file system of its own, with a file that takes what is left of it. Needs the right to mount. */
export async function smallFileSystem(): Promise<SmallDisk & { readOnly(on: boolean): Promise<void> }> {
  const folder = await newFolder();
  await run('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'drawbridge-test', folder]);
  const ballast = join(folder, 'ballast');
  return {
    folder,
    // dd ends with an error when there is no room left: that is the point.
    fill: async () => void (await run('dd', ['if=/dev/zero', `of=${ballast}`, 'bs=4k']).catch(() => {})),
    free: () => rm(ballast),
    readOnly: async (on) => void (await run('mount', ['-o', `remount,${on ? 'ro' : 'rw'}`, folder])),
    async remove() {
      await run('umount', [folder]);
      await rm(folder, { recursive: true });
    },
  };
}

/**
 * A folder in which a process may no longer let any file grow (RLIMIT_FSIZE), as on a full disk, or write at all, as
 * on one that can only be read. Needs no rights.
 */
export async function limitedFiles(what: 'grow' | 'write'): Promise<SmallDisk> {
  const folder = await newFolder();
  const limit = (pid: number, bytes: number | 'unlimited') =>
    run('prlimit', ['--pid', String(pid), `--fsize=${bytes}:unlimited`]);
  return {
    folder,
    async fill(pid) {
      const size = async (name: string) => (await stat(join(folder, name)).catch(() => ({ size: 0 }))).size;
      const grown = Math.max(await size('documents.sqlite'), await size('documents.sqlite-wal'));
      await limit(pid, what === 'grow' ? grown : 0);
    },
    free: async (pid) => void (await limit(pid, 'unlimited')),
    remove: () => rm(folder, { recursive: true }),
  };
}
