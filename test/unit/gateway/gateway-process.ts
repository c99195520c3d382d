import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

const program = resolve(__dirname, '../../../gateway/cli.ts');

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface GatewayProcess {
  readonly ended: Promise<Ended>;
  /** What standard output held when it first matched. */
  says(pattern: RegExp): Promise<string>;
  stop(signal?: NodeJS.Signals): Promise<Ended>;
}

/** The program itself, as its own process, in a folder of its own and without this process's environment. */
export function startGateway(folder: string, args: readonly string[], env = {}): GatewayProcess {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = once(child, 'close').then(([code]): Ended => ({
    code: code as number | null,
    stdout,
    stderr,
  }));
  return {
    ended,
    says: (pattern) =>
      new Promise((found, reject) => {
        const look = () => {
          if (pattern.test(stdout)) found(stdout);
        };
        child.stdout.on('data', look);
        child.once('close', () => reject(new Error(`ended before it said ${pattern.source}:\n${stderr}`)));
        look();
      }),
    stop(signal = 'SIGTERM') {
      child.kill(signal);
      return ended;
    },
  };
}

export const runGateway = (folder: string, args: readonly string[], env = {}): Promise<Ended> =>
  startGateway(folder, args, env).ended;

/** Flags that stand in for a configuration. */
export const flagsFor = (service: string, upstream: string, state: string): string[] => [
  '--service',
  service,
  '--upstream',
  upstream,
  '--state',
  state,
];

const distant = Date.UTC(2100, 0, 1);

/** Credentials that need no renewal for as long as a test runs. */
export const credentialsOf = (service: string, fields: Record<string, unknown> = {}) => ({
  state: 'connected',
  service,
  systemId: 'sys-1',
  systemName: 'North site',
  organizationName: 'Hill Radio',
  gatewayId: 'gw-1',
  accessToken: 'access-0',
  accessTokenExpiresAt: distant,
  refreshToken: 'refresh-0',
  renewedAt: Date.now(),
  renewAt: Date.now() + 20 * 3_600_000,
  ...fields,
});

export async function writeCredentials(state: string, credentials: object): Promise<void> {
  await mkdir(state, { recursive: true, mode: 0o700 });
  await writeFile(join(state, 'credentials.json'), JSON.stringify(credentials), { mode: 0o600 });
}

/** Waits until something holds; a test's own time limit ends it. */
export async function until(holds: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 25));
}
