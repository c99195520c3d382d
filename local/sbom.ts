import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { packageRoot } from '../shared/package-root.ts';

const lockSchema = z.looseObject({
  packages: z.record(z.string(), z.looseObject({ dev: z.boolean().optional() })),
});

const read = async (file: string): Promise<unknown> =>
  JSON.parse(await readFile(join(packageRoot, file), 'utf8'));

/**
 * Prints a bill of materials (CycloneDX) of what runs. Made from the lock file without what only development needs:
 * `npm sbom --omit dev` also leaves out what runtime and development share, jose among it (npm 11).
 */
const { devDependencies: _, ...manifest } = z.looseObject({}).parse(await read('package.json'));
const lock = lockSchema.parse(await read('package-lock.json'));
const running = Object.entries(lock.packages).filter(([path, { dev }]) => path !== '' && dev !== true);
const packages = { '': manifest, ...Object.fromEntries(running) };

const folder = await mkdtemp(join(tmpdir(), 'drawbridge-sbom-'));
try {
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
  await writeFile(join(folder, 'package-lock.json'), JSON.stringify({ ...lock, packages }));
  const { stdout } = await promisify(execFile)(
    'npm',
    ['sbom', '--package-lock-only', '--sbom-format', 'cyclonedx'],
    { cwd: folder, maxBuffer: 64 * 1024 * 1024 },
  );
  process.stdout.write(stdout);
} finally {
  await rm(folder, { recursive: true, force: true });
}
