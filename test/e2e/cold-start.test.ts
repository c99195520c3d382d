import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageService, type Made } from '../../local/package/service-package.ts';
import { programEnvironment } from '../../local/rehearsal/runtime.ts';
import { packageRoot } from '../../shared/package-root.ts';

interface Answer {
  readonly path: string;
  readonly status: number;
  readonly loaded: readonly string[];
}

/** What an app of its own loads on first use; nobody pays for it before. */
const heavy = [
  '@azure/communication-email',
  '@azure/communication-sms',
  '@azure/cosmos',
  '@azure/identity',
  '@azure/keyvault-secrets',
  '@azure/monitor-opentelemetry-exporter',
  '@azure/storage-blob',
  '@azure/web-pubsub',
  '@opentelemetry/sdk-metrics',
  '@opentelemetry/sdk-trace-node',
  '@zxcvbn-ts/language-common',
  'nodemailer',
  'openid-client',
  'otpauth',
];

describe('the packaged service', () => {
  let folder: string;
  let made: Made;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'drawbridge-package-'));
    made = await packageService(packageRoot, '1.2.3', join(folder, 'package'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const packagesOf = (files: readonly string[]) =>
    [...new Set(files.flatMap((file) => made.packages.get(file) ?? []))].sort();

  /** In a process of its own that has nothing but the package. */
  async function ask(...paths: string[]): Promise<Answer[]> {
    const program = join(import.meta.dirname, 'cold-start/loaded-files.ts');
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [program, packageRoot, join(folder, 'package'), ...paths],
      { env: programEnvironment({ DATA_DIR: join(folder, 'data') }) },
    );
    return JSON.parse(stdout.split('\n').at(-1) ?? '') as Answer[];
  }

  it('has in it what it needs: every heavy SDK, in files of their own', () => {
    const all = packagesOf([...made.packages.keys()]);
    for (const name of heavy.filter((each) => each !== '@azure/web-pubsub')) expect(all).toContain(name);
    expect(packagesOf(['main.js']).filter((name) => heavy.includes(name))).toEqual([]);
  });

  it('loads no heavy SDK to start, to say how it is, or to show a page', async () => {
    const answers = await ask(
      '/api/health',
      '/.well-known/oauth-authorization-server',
      '/openapi.json',
      '/sign-in',
      '/',
    );
    expect(
      answers.map(({ path, status, loaded }) => ({
        path,
        status,
        heavy: packagesOf(loaded).filter((name) => heavy.includes(name)),
      })),
    ).toEqual([
      { path: '', status: 0, heavy: [] },
      // The relay does not run here.
      { path: '/api/health', status: 503, heavy: [] },
      { path: '/.well-known/oauth-authorization-server', status: 200, heavy: [] },
      { path: '/openapi.json', status: 200, heavy: [] },
      { path: '/sign-in', status: 200, heavy: [] },
      { path: '/', status: 303, heavy: [] },
    ]);
  });

  it('is loaded by the official worker’s way of providing its core module', async () => {
    // The worker patches Module.prototype.require; nothing else makes `@azure/functions-core` known.
    const patch = `
      import Module from 'node:module';
      const names = [];
      const core = {
        version: '3', hostVersion: '4.1', registerHook: () => {}, setProgrammingModel: () => {}, log: () => {},
        getProgrammingModel: () => undefined, Disposable: class {}, registerFunction: ({ name }) => names.push(name),
      };
      const before = Module.prototype.require;
      Module.prototype.require = function (id) { return id === '@azure/functions-core' ? core : before.apply(this, arguments); };
      await import(process.argv[1]);
      console.log(JSON.stringify(names));
    `;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '-e', patch, join(folder, 'package/main.js')],
      { env: programEnvironment() },
    );
    const names = JSON.parse(stdout) as string[];
    expect(names).toEqual(expect.arrayContaining(['health', 'token', 'tunnel', 'expiry', 'backup']));
  });
});
