import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../shared/package-root.ts';
import { programOf, runbookCommands, runbookNames, type RunbookCommand } from '../../support/runbook.ts';

const read = (path: string) => readFileSync(join(packageRoot, path), 'utf8');

/** The options that a file declares for parseArgs. */
const declared = (file: string): string[] =>
  [...read(file).matchAll(/'?([a-z-]+)'?: \{ type: '(?:string|boolean)'/g)].map(([, name = '']) => name);

/** Words that programs which read their arguments by themselves know. */
const spoken = (file: string): string[] =>
  [...read(file).matchAll(/'(--)?([a-z-]+)'/g)].map(([, , word = '']) => word);

function unknownOptions({ script = '', args }: RunbookCommand): string[] {
  const program = programOf(script);
  if (!program) return [`npm run ${script}`];
  const source = program.file.replace(/\.js$/, '.ts');
  const known =
    script === 'gateway'
      ? [...declared('gateway/cli.ts'), ...declared(`gateway/commands/${args[0]}.ts`)]
      : [...declared(source), ...spoken(source)];
  return args.filter((arg) => arg.startsWith('--') && !known.includes(arg.slice(2)));
}

/** What azd puts out, which `azd env get-values` gives as variables. */
const outputs = [...read('bicep/main.bicep').matchAll(/^output (\w+) /gm)].map(([, name = '']) => name);

/** Commands of Azure and GitHub, with the options that they have (azure-cli 2.91.0; `az COMMAND --help` says so). */
const azure: Readonly<Record<string, readonly string[]>> = {
  'az resource show': ['ids', 'query'],
  'az relay hyco delete': ['resource-group', 'namespace-name', 'name'],
  'az cosmosdb show': ['ids', 'query'],
  'az cosmosdb failover-priority-change': ['ids', 'failover-policies'],
  'az cosmosdb offline-region': ['ids', 'region'],
  'az functionapp config appsettings set': ['resource-group', 'name', 'settings'],
  'az functionapp config appsettings delete': ['resource-group', 'name', 'setting-names'],
  'azd auth login': [],
  'azd up': [],
  'azd provision': [],
  'gh workflow run rotate-secrets.yml': [],
  curl: ['fail'],
};

const all = runbookNames.flatMap((page) => runbookCommands(page).map((command) => ({ page, ...command })));
const ours = all.filter(({ script }) => script !== undefined);
const others = all.filter(({ script, text }) => script === undefined && !text.startsWith('eval '));

describe('the commands of the runbooks', () => {
  it('are found', () => {
    expect(runbookNames.length).toBeGreaterThan(6);
    expect(ours.length).toBeGreaterThan(30);
  });

  it.each(ours)('$page: $text: there is such a program, with such options', (command) => {
    expect(unknownOptions(command)).toEqual([]);
  });

  it.each(others)('$page: $text: is a command of Azure or GitHub with such options', ({ text }) => {
    const known = Object.keys(azure).find((name) => text === name || text.startsWith(`${name} `)) ?? '';
    expect(known).not.toBe('');
    for (const [, option = ''] of text.matchAll(/ --([a-z-]+)/g)) expect(azure[known]).toContain(option);
  });

  it.each(all)('$page: $text: asks for values that the deployment puts out', ({ text }) => {
    for (const [, name = ''] of text.matchAll(/\$\{?([A-Z_]+)/g)) expect(outputs).toContain(name);
  });
});

describe('links between pages', () => {
  it.each([...runbookNames.map((name) => `docs/${name}.md`), 'README.md'])(
    '%s leads to files that there are',
    (page) => {
      const folder = page.startsWith('docs/') ? 'docs' : '.';
      for (const [, target = ''] of read(page).matchAll(/\]\((?!https?:|#)([^)#]+)/g))
        expect(() => read(join(folder, target))).not.toThrow();
    },
  );
});
