import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { fork, type ChildProcess } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { Person } from './person.ts';
import { eventually, type Runtime } from './runtime.ts';

const root = resolve(__dirname, '..', '..');
const cli = join(root, 'dist/gateway/cli.js');

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

  private constructor(config: string, stateDir: string) {
    this.config = config;
    this.stateDir = stateDir;
  }

  static async at(runtime: Runtime, upstream: string, name = 'gateway-1'): Promise<Gateway> {
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
        adapter: { kind: 'none' },
      }),
    );
    return new Gateway(config, stateDir);
  }

  async cli(...args: string[]): Promise<CliResult> {
    return new Promise((done) => {
      execFile(
        process.execPath,
        [cli, ...args, '--config', this.config],
        { env: { PATH: process.env.PATH, HOME: process.env.HOME }, maxBuffer: 1e8 },
        (error, stdout, stderr) => {
          const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
          done({ code, stdout, stderr });
        },
      );
    });
  }

  /** Starts `connect`; gives the link as soon as it is printed, and the result when it ends. */
  connect(): { link: Promise<string>; done: Promise<CliResult> } {
    const child = fork(cli, ['connect', '--config', this.config], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { PATH: process.env.PATH, HOME: process.env.HOME },
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
    const child = fork(cli, ['run', '--config', this.config], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { PATH: process.env.PATH, HOME: process.env.HOME },
    });
    child.stdout?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    this.#process = child;
    await eventually(async () => {
      if (child.exitCode !== null) throw new Error(`run ended:\n${this.output}`);
      const status = await this.cli('status', '--json');
      return /"kind":\s*"connected"/.test(status.stdout);
    }, 30);
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

/** A small on-prem application: a page, a JSON call that changes with time, a stream, a large file. */
export async function startOnPremApplication(): Promise<{
  origin: string;
  seen: string[];
  close(): Promise<void>;
}> {
  const seen: string[] = [];
  let count = 0;
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    seen.push(`${request.method} ${request.url}`);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    response.setHeader('server', 'OnPrem/1.0');
    response.setHeader('set-cookie', 'inner=secret');
    if (request.url === '/dashboards/north') {
      response.setHeader('content-type', 'text/html');
      response.end('<!doctype html><title>North</title><h1>Transmitter site North</h1>');
    } else if (request.url === '/api/value' && request.method === 'POST') {
      const { elementId } = JSON.parse(body) as { elementId: number };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ elementId, value: ++count }));
    } else if (request.url === '/api/events') {
      response.setHeader('content-type', 'text/event-stream');
      const timer = setInterval(() => response.write(`data: ${++count}\n\n`), 50);
      response.once('close', () => clearInterval(timer));
    } else {
      response.statusCode = 404;
      response.end('not here');
    }
  };
  const server: Server = createServer((request, response) => void answer(request, response)).listen(
    0,
    '127.0.0.1',
  );
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** What the small application's dashboard calls, as an explicit list. */
export const northCalls = [
  { method: 'GET', path: '/dashboards/north' },
  { method: 'POST', path: '/api/value', json: { elementId: 101 } },
  { method: 'GET', path: '/api/events' },
];
