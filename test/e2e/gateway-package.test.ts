import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { packageGateway } from '../../local/package/service-package.ts';
import { programEnvironment } from '../../local/rehearsal/runtime.ts';
import { packageRoot } from '../../shared/package-root.ts';

const run = promisify(execFile);

describe('the packed gateway, installed by npm', () => {
  let folder: string;
  const installed = () => join(folder, 'installed');
  const gateway = (...args: string[]) =>
    run(join(installed(), 'node_modules/.bin/drawbridge-gateway'), args, {
      cwd: installed(),
      env: programEnvironment(),
    });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'drawbridge-gateway-package-'));
    const made = join(folder, 'made');
    await packageGateway(packageRoot, '1.2.3', made, '1.0.0');
    const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: made });
    const packed: unknown = JSON.parse(stdout);
    // npm 12 names the packages, earlier ones list them.
    const [tarball] = z
      .array(z.object({ filename: z.string() }))
      .parse(Array.isArray(packed) ? packed : Object.values(packed as object));
    await mkdir(installed());
    await writeFile(join(installed(), 'package.json'), '{ "private": true }');
    // Without Playwright, as on a machine that is not asked to record: nothing has to be fetched.
    await run(
      'npm',
      [
        'install',
        '--offline',
        '--omit=optional',
        '--no-audit',
        '--no-fund',
        join(folder, tarball?.filename ?? ''),
      ],
      { cwd: installed() },
    );
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('runs as drawbridge-gateway, and knows its commands', async () => {
    const { stdout } = await gateway('--help');
    expect(stdout).toMatch(/^drawbridge-gateway COMMAND/);
    for (const command of [
      'connect',
      'run',
      'status',
      'share',
      'shares',
      'unshare',
      'disconnect',
      'doctor',
    ]) {
      expect(stdout).toMatch(new RegExp(`^ {2}${command} `, 'm'));
    }
  });

  it('says its version and that it is not connected, from a folder without anything of ours', async () => {
    const manifest = await readFile(
      join(installed(), 'node_modules/drawbridge-gateway/package.json'),
      'utf8',
    );
    expect(JSON.parse(manifest)).toMatchObject({ version: '1.2.3' });
    const status = gateway(
      'status',
      ...[
        '--service',
        'http://127.0.0.1:9',
        '--upstream',
        'http://127.0.0.1:9',
        '--state',
        join(folder, 'state'),
      ],
      '--json',
    );
    await expect(status).rejects.toMatchObject({ code: 3 });
  });
});
