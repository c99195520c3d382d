import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { programEnvironment } from '../../local/rehearsal/runtime.ts';
import { packageRoot } from '../../shared/package-root.ts';

const manifest = z
  .object({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')));

/** A command as a runbook gives it. */
export interface RunbookCommand {
  readonly text: string;
  /** Of `npm run SCRIPT`. */
  readonly script: string | undefined;
  readonly args: readonly string[];
  /** The last heading above it. */
  readonly under: string;
}

export const runbookNames = readdirSync(join(packageRoot, 'docs'))
  .filter((name) => name.endsWith('.md'))
  .map((name) => name.slice(0, -3));

/** Every line of the shell blocks of a page in `docs/`. */
export function runbookCommands(name: string): RunbookCommand[] {
  const commands: RunbookCommand[] = [];
  let under = '';
  let inside = false;
  for (const line of readFileSync(join(packageRoot, 'docs', `${name}.md`), 'utf8').split('\n')) {
    if (/^\s*```/.test(line)) inside = !inside && /^\s*```sh$/.test(line);
    else if (!inside && line.startsWith('#')) under = line.replace(/^#+ /, '');
    else if (inside && line.trim() !== '') {
      const text = line.trim();
      const [, script, args = ''] = /^npm run (\S+)(?: -- (.+))?$/.exec(text) ?? [];
      commands.push({ text, script, args: args === '' ? [] : args.split(/\s+/), under });
    }
  }
  return commands;
}

/** The compiled program of a script. @returns undefined for one that is no program of ours */
export const programOf = (script: string): { file: string; args: string[] } | undefined => {
  const [, file, args = ''] =
    /^node (?:--\S+ )*dist\/(\S+\.js)(?: (\S+))?$/.exec(manifest.scripts[script] ?? '') ?? [];
  return file === undefined ? undefined : { file, args: args === '' ? [] : [args] };
};

export interface RunbookResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs commands of one page by their text, as `npm run` would after its build, and notes which were run.
 * @param settings of the service
 */
export function runbook(name: string, settings: Record<string, string>) {
  const commands = runbookCommands(name);
  const run = new Set<string>();

  /** Marks a command as run by other means. @throws Error when the page does not give it */
  function command(text: string): RunbookCommand {
    const found = commands.find((each) => each.text === text);
    if (!found) throw new Error(`docs/${name}.md has no command: ${text}`);
    run.add(text);
    return found;
  }

  return {
    command,
    /** @param values for the words in capitals */
    run(text: string, values: Record<string, string> = {}): Promise<RunbookResult> {
      const { script = '', args } = command(text);
      const program = programOf(script);
      if (!program) throw new Error(`${text} is no program of ours`);
      const filled = args.map((arg) => values[arg] ?? arg);
      return new Promise((done) => {
        execFile(
          process.execPath,
          [join(packageRoot, 'dist', program.file), ...program.args, ...filled],
          { cwd: packageRoot, env: programEnvironment(settings), maxBuffer: 1e8 },
          (error, stdout, stderr) => {
            const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
            done({ code, stdout, stderr });
          },
        );
      });
    },
    /** The programs of ours that the page gives and nobody has run. */
    unrun: () =>
      commands.flatMap(({ text, script }) => (script !== undefined && !run.has(text) ? [text] : [])),
  };
}
