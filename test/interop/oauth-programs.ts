import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const run = promisify(execFile);
const here = __dirname;
const cache = join(here, '../../node_modules/.cache/drawbridge-interop');

/** Builds the Go program with the modules that its go.sum pins. @returns its path */
export async function buildGoProgram(): Promise<string> {
  await mkdir(cache, { recursive: true });
  const program = join(cache, 'oauth-client-go');
  await run('go', ['build', '-mod=readonly', '-trimpath', '-o', program, '.'], { cwd: join(here, 'go') });
  return program;
}

/**
 * Makes a virtual environment with what the requirements.txt of a folder pins, once per content of that file.
 * @returns its Python
 */
export async function makePythonEnvironment(of: 'python' | 'schemathesis' | 'checkov'): Promise<string> {
  const requirements = join(here, of, 'requirements.txt');
  const digest = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex');
  const folder = join(cache, `python-${digest.slice(0, 16)}`);
  const python = join(folder, 'bin/python');
  const complete = join(folder, 'complete');
  if (existsSync(complete)) return python;
  await rm(folder, { recursive: true, force: true });
  await mkdir(cache, { recursive: true });
  await run('python3', ['-m', 'venv', folder]);
  await run(python, ['-m', 'pip', 'install', '--quiet', '--no-deps', '-r', requirements]);
  await writeFile(`${complete}.new`, '');
  await rename(`${complete}.new`, complete);
  return python;
}

/** One line that a program prints. */
export type Said = { readonly event: string } & Readonly<Record<string, unknown>>;

/**
 * Runs a program to its end and gives what it said.
 * @param onLink called with the verification link as soon as the program has one
 * @throws Error with what it wrote to standard error when it fails
 */
export async function runProgram(
  command: string,
  args: readonly string[],
  onLink: (link: string) => Promise<unknown>,
): Promise<readonly Said[]> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = once(child, 'close') as Promise<[number | null]>;
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  const said: Said[] = [];
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const event = JSON.parse(line) as Said;
      said.push(event);
      if (event.event === 'verify') await onLink(String(event['link']));
    }
    const [code] = await closed;
    if (code !== 0) throw new Error(`${command} ended with ${code}:\n${complaint}`);
  } finally {
    child.kill();
  }
  return said;
}
