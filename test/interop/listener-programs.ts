import { execFile, spawn } from 'node:child_process';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { eventually } from '../../local/rehearsal/runtime.ts';
import type { Said } from './oauth-programs.ts';
import { installPinned } from './pinned-packages.ts';

const run = promisify(execFile);
const here = __dirname;

/** @returns the program, beside the packages that it needs */
export async function installNodeListener(): Promise<string> {
  const program = join(await installPinned('node'), 'listener.mjs');
  await copyFile(join(here, 'node/listener.mjs'), program);
  return program;
}

/** Java runs it from its source. */
export const javaListener = join(here, 'java/Listener.java');

/** The one authority that Java shall trust, beside the PEM file. @returns what tells Java so */
export async function javaTrustStore(caFile: string): Promise<string[]> {
  const store = `${caFile}.p12`;
  const password = ['-storetype', 'PKCS12', '-storepass', 'changeit'];
  await run('keytool', ['-importcert', '-noprompt', '-file', caFile, '-keystore', store, ...password]);
  return [`-Djavax.net.ssl.trustStore=${store}`, '-Djavax.net.ssl.trustStorePassword=changeit'];
}

/** A program that listens until it is stopped. */
export interface RunningProgram {
  readonly said: readonly Said[];
  /** Waits until it has said that, so many times. @throws Error with its standard error when it does not */
  heard(event: string, times?: number): Promise<Said>;
  stop(): Promise<void>;
}

export function startProgram(
  command: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): RunningProgram {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const said: Said[] = [];
  let complaint = '';
  child.on('error', (error) => (complaint += error.message));
  child.stderr.on('data', (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(-8192)));
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith('{')) said.push(JSON.parse(line) as Said);
  });
  return {
    said,
    async heard(event, times = 1) {
      const of = () => said.filter((each) => each.event === event);
      const gone = () => child.exitCode !== null || child.signalCode !== null;
      await eventually(async () => of().length >= times || gone(), 60).catch(() => {});
      const found = of()[times - 1];
      if (found === undefined)
        throw new Error(`${command} did not say ${event}:\n${JSON.stringify(said)}\n${complaint}`);
      return found;
    },
    async stop() {
      child.kill('SIGTERM');
      await closed;
    },
  };
}
