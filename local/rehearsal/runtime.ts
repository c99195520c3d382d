import { fork, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../free-port.ts';
import { packageRoot } from '../../shared/package-root.ts';

/** What programs of ours need of the environment, the clock of a test among it; settings are given one by one. */
export function programEnvironment(settings: Record<string, string> = {}): NodeJS.ProcessEnv {
  // eslint-disable-next-line no-restricted-properties -- hands it on, reads no setting
  const { PATH, HOME, LD_PRELOAD, FAKETIME, DONT_FAKE_MONOTONIC } = process.env;
  return { PATH, HOME, LD_PRELOAD, FAKETIME, DONT_FAKE_MONOTONIC, ...settings };
}

/** Where an emulator of Cosmos DB is named, each runtime keeps its documents there, in a database of its own. */
function documentsElsewhere(): Record<string, string> {
  // eslint-disable-next-line no-restricted-properties -- hands them on
  const { COSMOS_ENDPOINT, COSMOS_KEY, NODE_EXTRA_CA_CERTS } = process.env;
  if (COSMOS_ENDPOINT === undefined || COSMOS_KEY === undefined) return {};
  const trust = NODE_EXTRA_CA_CERTS === undefined ? {} : { NODE_EXTRA_CA_CERTS };
  return { COSMOS_ENDPOINT, COSMOS_KEY, COSMOS_DATABASE: randomUUID(), ...trust };
}

export interface Mail {
  readonly id: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly date: string;
}

/** The one-machine runtime as a process of its own, on free ports and in a folder of its own. */
export class Runtime {
  readonly dataDir: string;
  readonly settings: Record<string, string>;
  origin = '';
  relayEndpoint = '';
  wakeUpEndpoint: string | undefined;
  /** The port behind a public origin. */
  listensOn: number | undefined;
  demoOrigin: string | undefined;
  output = '';
  /** The folder of `npm run package` whose functions it runs, instead of the compiled ones. */
  packaged: string | undefined;
  #process: ChildProcess | undefined;
  readonly #ownsFolder: boolean;

  private constructor(dataDir: string, settings: Record<string, string>, ownsFolder = true) {
    this.dataDir = dataDir;
    this.settings = settings;
    this.#ownsFolder = ownsFolder;
  }

  /** @param settings with DATA_DIR where the folder is the caller's */
  static async start(
    { DATA_DIR, ...settings }: Record<string, string> = {},
    packaged?: string,
  ): Promise<Runtime> {
    const dataDir = DATA_DIR ?? (await mkdtemp(join(tmpdir(), 'drawbridge-e2e-')));
    const all = { DEMO: 'off', ...documentsElsewhere(), ...settings };
    const runtime = new Runtime(dataDir, all, DATA_DIR === undefined);
    runtime.packaged = packaged;
    // Behind something that ends TLS its own port cannot be told from its origin.
    runtime.listensOn = settings.PUBLIC_ORIGIN === undefined ? undefined : await freePort();
    await runtime.boot(String(runtime.listensOn ?? 0));
    return runtime;
  }

  /** A second host of the same service, as Azure runs several: one store, one relay, a port of its own. */
  static async startBeside(first: Runtime): Promise<Runtime> {
    const { host } = new URL(first.origin);
    const settings = {
      DEMO: 'off',
      RELAY: 'off',
      PUBLIC_ORIGIN: first.origin,
      SHARE_DOMAIN: host,
      ...(first.wakeUpEndpoint !== undefined && { WEB_PUBSUB_ENDPOINT: first.wakeUpEndpoint }),
    };
    const second = new Runtime(first.dataDir, { ...first.settings, ...settings }, false);
    second.listensOn = await freePort();
    await second.boot(String(second.listensOn), first.relayEndpoint);
    return second;
  }

  async boot(port: string, relayEndpoint?: string): Promise<void> {
    const packaged = this.packaged === undefined ? [] : ['--package', this.packaged];
    const child = fork(join(packageRoot, 'dist/local/main.js'), packaged, {
      cwd: packageRoot,
      env: programEnvironment({
        ...this.settings,
        PORT: port,
        DATA_DIR: this.dataDir,
        ...(relayEndpoint !== undefined && { RELAY_ENDPOINT: relayEndpoint }),
        ...(this.wakeUpEndpoint !== undefined && { WEB_PUBSUB_ENDPOINT: this.wakeUpEndpoint }),
      }),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#process = child;
    child.stdout?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    await new Promise<void>((resolveReady, reject) => {
      child.once('message', (message) => {
        const ready = message as {
          publicOrigin: string;
          relayEndpoint: string;
          wakeUpEndpoint?: string;
          demo?: string;
        };
        this.wakeUpEndpoint = ready.wakeUpEndpoint ?? this.wakeUpEndpoint;
        this.origin = ready.publicOrigin;
        this.relayEndpoint = ready.relayEndpoint;
        this.demoOrigin = ready.demo;
        resolveReady();
      });
      child.once('exit', (code) => reject(new Error(`The runtime ended with ${code}:\n${this.output}`)));
    });
  }

  /** Of the process, while there is one. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  get port(): number {
    return this.listensOn ?? Number(new URL(this.origin).port);
  }

  /** As the power going away. */
  async kill(): Promise<void> {
    if (!this.#process || this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await gone;
  }

  /** Starts again on the same port and folder. */
  async restart(): Promise<void> {
    await this.boot(String(this.port), this.relayEndpoint);
  }

  /** Stops as Ctrl-C does, and removes the folder unless it is another host's. @returns the exit code */
  async stop(): Promise<number | null> {
    const child = this.#process;
    let code: number | null = null;
    if (child && child.exitCode === null && child.signalCode === null) {
      const gone = once(child, 'exit') as Promise<[number | null]>;
      child.kill('SIGINT');
      [code] = await gone;
    }
    if (this.#ownsFolder) await rm(this.dataDir, { recursive: true, force: true, maxRetries: 5 });
    return code;
  }

  async mails(to?: string): Promise<Mail[]> {
    const response = await fetch(`http://127.0.0.1:${this.port}/.local/mail`, {
      headers: { accept: 'application/json' },
    });
    const all = (await response.json()) as Mail[];
    return all.filter((mail) => to === undefined || mail.to === to);
  }
}

/** Waits for something to become true, for at most some seconds. */
export async function eventually<T>(look: () => Promise<T | undefined | false>, seconds = 15): Promise<T> {
  const until = Date.now() + seconds * 1000;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > until) throw new Error(`Not so within ${seconds} seconds: ${look.toString()}`);
    await new Promise((wait) => setTimeout(wait, 50));
  }
}
