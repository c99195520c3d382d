import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { figure, type BenchResult } from '../result.ts';
import { seedShares } from './seed.ts';

/** What a program of the smallest size may take, in megabytes. */
const mostMemory = 256;

interface Work {
  readonly documents: number;
  readonly seconds: number;
  /** The most that was resident. */
  readonly megabytes: number;
}

async function work(job: 'backup' | 'restore', folder: string, documents: number): Promise<Work> {
  // As `npm run backup` and `npm run restore` do it: V8 lets the youngest of the heap grow with the machine's memory.
  const execArgv = ['--max-semi-space-size=4'];
  const child = fork(join(import.meta.dirname, 'program.js'), [job, folder], { execArgv });
  const [done] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`The ${job} ended with ${code}.`);
    }),
  ])) as [Work];
  if (done.documents !== documents) throw new Error(`The ${job} was of ${done.documents} documents.`);
  return done;
}

/** Seconds that a shell command takes in the folder. */
function shell(command: string, folder: string): number {
  const started = performance.now();
  execFileSync('bash', ['-euo', 'pipefail', '-c', command], { cwd: folder });
  return (performance.now() - started) / 1000;
}

async function benchSize(documents: number): Promise<BenchResult[]> {
  const folder = await mkdtemp(join(tmpdir(), 'drawbridge-backup-'));
  try {
    await seedShares(join(folder, 'documents.sqlite'), documents);
    const rate = (job: string, name: string, ours: Work, peer: number) => [
      figure(`${job}, ${documents} documents`, '1/s', documents / ours.seconds, {
        name,
        value: documents / peer,
      }),
      figure(`${job}, ${documents} documents, peak memory`, 'MB', ours.megabytes, undefined, {
        bound: 'at most',
        value: mostMemory,
      }),
    ];
    const backup = await work('backup', folder, documents);
    const dump = shell('sqlite3 documents.sqlite .dump | gzip >dump.sql.gz', folder);
    const restore = await work('restore', folder, documents);
    const load = shell('gunzip -c dump.sql.gz | sqlite3 loaded.sqlite', folder);
    return [
      ...rate('backup', 'sqlite3 .dump | gzip', backup, dump),
      ...rate('restore', 'gunzip | sqlite3', restore, load),
    ];
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Backup and restore of few and of many documents, a process each, beside SQLite's own dump of the same file. */
export async function benchBackup({ documents }: { readonly documents: number }): Promise<BenchResult[]> {
  return [...(await benchSize(10_000)), ...(await benchSize(documents))];
}
