import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../../local/free-port.ts';
import { eventually } from '../../../local/rehearsal/runtime.ts';

/** An on-prem application that nobody here wrote, as a process of its own. */
export interface Application {
  readonly origin: string;
  close(): Promise<void>;
}

export interface Start {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Record<string, string>;
}

/**
 * Starts a program on a free port, with a folder of its own.
 * @param prepare writes what the program needs into the folder, and says how to start it
 * @param isReady asked until it says yes, for 60 seconds at most
 * @throws when the program cannot be started, or ends before it is ready
 */
export async function startProgram(
  name: string,
  prepare: (at: { folder: string; port: number }) => Promise<Start>,
  isReady: (origin: string) => Promise<boolean>,
): Promise<Application> {
  const folder = await mkdtemp(join(tmpdir(), `drawbridge-${name}-`));
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const { command, args, env } = await prepare({ folder, port });
  // A group of its own: some of these are scripts that start others.
  const child = spawn(command, args, {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: { ...process.env, ...env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-4000)));
  }
  const ended = Promise.race([once(child, 'error'), once(child, 'exit')]);
  const close = async () => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      process.kill(-child.pid, 'SIGKILL');
      await ended;
    }
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  };
  try {
    await Promise.race([
      ended.then(([why]) => {
        throw new Error(`${name} ended: ${String(why)}\n${output}`);
      }),
      eventually(() => isReady(origin).catch(() => false), 60),
    ]);
  } catch (error) {
    await close();
    throw error;
  }
  return { origin, close };
}
