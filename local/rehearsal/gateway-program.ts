import { execFile, fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../../shared/package-root.ts';
import type { Person } from './person.ts';
import { eventually, programEnvironment, type Runtime } from './runtime.ts';

const compiled = join(packageRoot, 'dist/gateway/cli.js');

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** One gateway on the on-prem side, driven through its command line as an admin would. */
export class Gateway {
  readonly config: string;
  readonly stateDir: string;
  output = '';
  #process: ChildProcess | undefined;

  /** The program that is run; the compiled one unless told. */
  program = compiled;
  readonly #runsElsewhere: boolean;

  private constructor(config: string, stateDir: string, runsElsewhere = false) {
    this.config = config;
    this.stateDir = stateDir;
    this.#runsElsewhere = runsElsewhere;
  }

  static async at(
    runtime: Runtime,
    upstream: string,
    name = 'gateway-1',
    adapter: object = { kind: 'none' },
  ): Promise<Gateway> {
    const folder = join(runtime.dataDir, `on-prem-${name}`);
    await mkdir(folder, { recursive: true });
    const config = join(folder, 'gateway.json');
    const stateDir = join(folder, 'state');
    await writeFile(
      config,
      JSON.stringify({
        service: runtime.origin,
        upstream,
        stateDir,
        name,
        console: { port: 0 },
        adapter,
      }),
    );
    return new Gateway(config, stateDir);
  }

  /** A gateway that somebody else runs, known by its configuration. */
  static withConfig(config: string, stateDir: string): Gateway {
    return new Gateway(config, stateDir, true);
  }

  async cli(...args: string[]): Promise<CliResult> {
    return new Promise((done) => {
      execFile(
        process.execPath,
        [this.program, ...args, '--config', this.config],
        { env: programEnvironment(), maxBuffer: 1e8 },
        (error, stdout, stderr) => {
          const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
          done({ code, stdout, stderr });
        },
      );
    });
  }

  /** Starts `connect`; gives the link as soon as it is printed, and the result when it ends. */
  connect(): { link: Promise<string>; done: Promise<CliResult> } {
    const child = fork(this.program, ['connect', '--config', this.config], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: programEnvironment(),
    });
    let stdout = '';
    let stderr = '';
    child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const link = new Promise<string>((found, reject) => {
      child.stdout?.on('data', (chunk: Buffer) => {
        stdout += chunk.toString();
        const match = /https?:\/\/\S+user_code=[A-Z]{4}-[A-Z]{4}/.exec(stdout);
        if (match) found(match[0]);
      });
      child.once('exit', () => reject(new Error(`connect ended without a link:\n${stdout}${stderr}`)));
    });
    const done = once(child, 'exit').then(([code]) => ({ code: Number(code), stdout, stderr }));
    return { link, done };
  }

  async run(): Promise<void> {
    const child = fork(this.program, ['run', '--config', this.config], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: programEnvironment(),
    });
    child.stdout?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    this.#process = child;
    await this.#connected();
  }

  /** Starts it unless it runs already, and waits until it holds its tunnel. */
  async tunnelUp(): Promise<void> {
    await (this.#runsElsewhere ? this.#connected() : this.run());
  }

  async #connected(): Promise<void> {
    await eventually(async () => {
      if (this.#process && this.#process.exitCode !== null) throw new Error(`run ended:\n${this.output}`);
      const status = await this.cli('status', '--json');
      return /"kind":\s*"connected"/.test(status.stdout);
    }, 30);
  }

  /** What it holds to prove itself: for benchmarks, and for tests that play a thief. */
  async credentials(): Promise<{ accessToken: string; refreshToken: string }> {
    return JSON.parse(await readFile(join(this.stateDir, 'credentials.json'), 'utf8')) as {
      accessToken: string;
      refreshToken: string;
    };
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }
}

/** Connects a gateway: its admin follows the link, signs in, makes an organization, names the system, approves. */
export async function connectGateway(
  runtime: Runtime,
  gateway: Gateway,
  owner: Person,
  names: { organizationName: string; organizationSlug: string; systemName: string; systemSlug: string },
): Promise<void> {
  const connecting = gateway.connect();
  const link = await connecting.link;
  let page = await owner.open(link);
  if (page.text.includes('name="email"')) page = await owner.finishSignIn(page);
  const done = await owner.submit(page, '/connect/decide', {
    organization: 'new',
    ...names,
    terms: 'accepted',
    decision: 'approve',
  });
  if (done.status !== 200 || !done.text.includes(names.systemName)) {
    throw new Error(`Not approved: ${done.status}\n${done.text.slice(0, 4000)}`);
  }
  const result = await connecting.done;
  if (result.code !== 0) throw new Error(`connect: ${result.code}\n${result.stdout}\n${result.stderr}`);
}
