import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageService } from '../../local/package/service-package.ts';
import { programEnvironment } from '../../local/rehearsal/runtime.ts';
import { packageRoot } from '../../shared/package-root.ts';
import { figure, percentile, type BenchResult } from './result.ts';

const rounds = 15;

const helloWorld = `import { app } from '@azure/functions';
app.setup({ enableHttpStream: true });
app.http('hello', { methods: ['GET'], route: 'hello', authLevel: 'anonymous', handler: async () => ({ body: 'Hello' }) });
`;

/** A bare function app as the library's quick start has it, with the library where npm puts it. */
async function bareApp(folder: string): Promise<string> {
  await writeFile(join(folder, 'package.json'), '{ "type": "module", "main": "main.js" }');
  await writeFile(
    join(folder, 'host.json'),
    '{ "version": "2.0", "extensions": { "http": { "routePrefix": "" } } }',
  );
  await symlink(join(packageRoot, 'node_modules'), join(folder, 'node_modules'));
  await writeFile(join(folder, 'main.js'), helloWorld);
  return join(folder, 'main.js');
}

interface Took {
  readonly load: number;
  readonly first: number;
  /** From the start of the process. */
  readonly whole: number;
}

/** In a process of its own, on a data folder of its own. */
async function once(entryPoint: string, path: string): Promise<Took> {
  const dataDir = await mkdtemp(join(tmpdir(), 'drawbridge-cold-'));
  try {
    const program = join(import.meta.dirname, 'cold-start/program.js');
    const { stdout } = await promisify(execFile)(process.execPath, [program, entryPoint, path], {
      env: programEnvironment({ DATA_DIR: dataDir }),
    });
    const { status, ...took } = JSON.parse(stdout) as Took & { status: number };
    if (status !== 200) throw new Error(`${path} gave ${status}`);
    return took;
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** From nothing to the first answer: the packaged app beside a bare one, in the same host. */
export async function benchColdStart(): Promise<BenchResult[]> {
  const folder = await mkdtemp(join(tmpdir(), 'drawbridge-cold-start-'));
  try {
    const ours = join(folder, 'package');
    await packageService(packageRoot, '0.0.0', ours);
    const bare = await bareApp(folder);
    const paths = { metadata: '/.well-known/oauth-authorization-server', 'sign-in page': '/sign-in' };
    const parts = {
      'load and first request': ({ load, first }: Took) => load + first,
      'from the start of the process': ({ whole }: Took) => whole,
    };
    const results: BenchResult[] = [];
    for (const [what, path] of Object.entries(paths)) {
      const own: Took[] = [];
      const peer: Took[] = [];
      for (let round = 0; round < rounds; round++) {
        own.push(await once(join(ours, 'main.js'), path));
        peer.push(await once(bare, '/hello'));
      }
      for (const [part, of] of Object.entries(parts)) {
        const value = percentile(peer.map(of), 0.5);
        results.push(
          figure(`cold start, ${part} (${what})`, 'ms', percentile(own.map(of), 0.5), {
            name: 'bare @azure/functions',
            value,
          }),
        );
      }
    }
    return results;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
