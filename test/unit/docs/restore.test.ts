import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '../../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

/** The options that a program declares. */
const optionsOf = (script: string): string[] => {
  const [, file = ''] = /^node dist\/(\S+)\.js/.exec(scripts[script] ?? '') ?? [];
  return [...read(`${file}.ts`).matchAll(/^\s+'?([a-z-]+)'?: \{ type: '(?:string|boolean)'/gm)].map(
    ([, name = '']) => name,
  );
};

describe('the runbook of a restore', () => {
  const commands = [...read('docs/restore.md').matchAll(/^\s*npm run (\S+)(?: -- (.+))?$/gm)].map(
    ([command, script = '', args = '']) => ({ command, script, args }),
  );

  it('has commands', () => expect(commands.length).toBeGreaterThan(6));

  it.each(commands)('gives a command that there is: $command', ({ script, args }) => {
    expect(scripts).toHaveProperty([script]);
    for (const [, option] of args.matchAll(/--([a-z-]+)/g)) expect(optionsOf(script)).toContain(option);
  });
});
