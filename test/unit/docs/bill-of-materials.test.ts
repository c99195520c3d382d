import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../../shared/package-root.ts';

type Lock = Record<string, { readonly version: string; readonly dev?: boolean; readonly name?: string }>;

const nameAt = (path: string) => path.replace(/^.*node_modules\//, '');

/** ASVS 4.0.3, 14.2.5: everything that runs with its version, and nothing that only development needs. */
it('lists exactly what the lock file says runs, jose and every other shared package included', async () => {
  const lock = JSON.parse(await readFile(join(packageRoot, 'package-lock.json'), 'utf8')) as {
    packages: Lock;
  };
  const { stdout } = await promisify(execFile)(process.execPath, [join(packageRoot, 'dist/local/sbom.js')], {
    maxBuffer: 64 * 1024 * 1024,
  });
  const bill = JSON.parse(stdout) as { bomFormat: string; components: { purl: string }[] };
  expect(bill.bomFormat).toBe('CycloneDX');
  const running = Object.entries(lock.packages)
    .filter(([path, { dev }]) => path !== '' && dev !== true)
    .map(([path, { name, version }]) => `pkg:npm/${name ?? nameAt(path)}@${version}`);
  const listed = bill.components.map(({ purl }) => decodeURIComponent(purl));
  expect(listed.sort()).toEqual([...new Set(running)].sort());
  expect(listed).toEqual(expect.arrayContaining([expect.stringMatching(/^pkg:npm\/jose@/)]));
});
