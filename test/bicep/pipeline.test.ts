import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execFileSync, spawnSync } from 'node:child_process';
import { z } from 'zod';
import { packageRoot } from '../../shared/package-root.ts';
import { bicepFiles, bicepTexts, choices, deploy, folder, parameterFiles } from './deployment.ts';
import { parseBicep } from './language/grammar.ts';
import { parametersOf } from './language/parameters.ts';

const read = (...path: string[]) => readFileSync(join(packageRoot, ...path), 'utf8');
const { scripts } = z
  .object({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(read('package.json')));

const workflows = readdirSync(join(packageRoot, '.github/workflows')).map((name) => ({
  name,
  text: read('.github/workflows', name),
}));

const parameters = async () => {
  const file = join(folder, 'main.bicep');
  const source = await parseBicep(file);
  return parametersOf(source, {
    file,
    name: () => {
      throw new Error('a description refers to nothing');
    },
    functions: {},
  });
};

describe('azd', () => {
  const given = z
    .object({ parameters: z.record(z.string(), z.object({ value: z.string().regex(/^\$\{[A-Z_]+\}$/) })) })
    .parse(JSON.parse(read('bicep/main.parameters.json'))).parameters;

  it('asks three questions: environment, region and domain', async () => {
    // What is required and not in azd's environment, it asks for; name and region it asks for in any case.
    const required = (await parameters()).filter(({ required }) => required).map(({ name }) => name);
    expect(required).toEqual(['environmentName', 'location', 'domain']);
    expect(given.environmentName?.value).toBe('${AZURE_ENV_NAME}');
    expect(given.location?.value).toBe('${AZURE_LOCATION}');
  });

  it('sets no parameter that the template does not have, and can set all but objects', async () => {
    const names = (await parameters()).map(({ name }) => name);
    expect(names.filter((name) => !(name in given))).toEqual(['settings', 'tags']);
    expect(Object.keys(given).filter((name) => !names.includes(name))).toEqual([]);
  });

  it('finds what it deploys to in the outputs of the template', async () => {
    const wanted = [...read('azure.yaml').matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name ?? '');
    expect(wanted).toEqual(['FUNCTION_APP', 'SECOND_FUNCTION_APP']);
    for (const choice of Object.values(choices)) {
      const { outputs, resources } = await deploy(choice);
      const apps = resources.filter(({ type }) => type === 'Microsoft.Web/sites').map(({ name }) => name);
      expect(new Set(wanted.map((name) => outputs[name]))).toEqual(new Set(apps));
    }
  });

  it('is no Bicep that stands in for the parameters: azd would take main.bicepparam and ask nothing', () => {
    expect(existsSync(join(folder, 'main.bicepparam'))).toBe(false);
  });
});

describe('what runs outside of this repository', () => {
  it('calls npm scripts that are there', () => {
    const called = [read('azure.yaml'), ...workflows.map(({ text }) => text)].flatMap((text) =>
      [...text.matchAll(/npm (?:run )?(?:--silent )?(test|(?<=run )[\w:-]+)/g)].map(([, name]) => name ?? ''),
    );
    expect(called).toEqual(expect.arrayContaining(['package', 'secrets', 'lint', 'types', 'test']));
    expect(called.filter((name) => scripts[name] === undefined)).toEqual([]);
  });

  it.each(workflows)(
    '$name has no secret: it signs in by federated identity (OWASP ASVS 14.1.1, 6.4.1)',
    ({ text }) => {
      expect(text).not.toMatch(/secrets\.|AZURE_CREDENTIALS|publish-profile|creds:/);
      expect(text).toMatch(/id-token: write/);
      expect(text).toMatch(/^permissions: \{\}$/m);
    },
  );

  it.each(workflows)('$name runs no action that could become another one', ({ text }) => {
    const uses = [...text.matchAll(/uses: (\S+)/g)].map(([, action]) => action ?? '');
    expect(uses.length).toBeGreaterThan(2);
    expect(uses.filter((action) => !/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/.test(action))).toEqual([]);
  });

  it('shows what would change before it deploys, and deploys what it showed', () => {
    const text = read('.github/workflows/azure.yml');
    const order = [
      'npm run lint',
      'npm test',
      '"$BICEP" lint',
      'npm run package',
      'what-if',
      'sub create',
      'npm run secrets',
      'config-zip',
    ];
    const places = order.map((each) => text.indexOf(each));
    expect(places.every((place) => place > 0)).toBe(true);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(text.match(/bicep\/production\.bicepparam/g)).toHaveLength(2);
    expect(text).toMatch(/deploy:\n\s+needs: preview/);
  });

  it('gives production what its parameter file asks the environment for', () => {
    const asked = [
      ...(bicepTexts.get('production.bicepparam') ?? '').matchAll(/readEnvironmentVariable\('(\w+)'/g),
    ].map(([, name]) => name);
    const text = read('.github/workflows/azure.yml');
    expect(asked.filter((name) => !text.includes(`${name}: \${{ vars.${name} }}`))).toEqual([]);
  });
});

describe('bicepconfig.json', () => {
  const rules = z
    .object({
      analyzers: z.object({
        core: z.object({
          enabled: z.literal(true),
          rules: z.record(z.string(), z.object({ level: z.string() })),
        }),
      }),
    })
    .parse(JSON.parse(read('bicep/bicepconfig.json'))).analyzers.core.rules;

  it('makes an error of every rule', () => {
    expect(Object.keys(rules).length).toBeGreaterThan(35);
    expect(Object.values(rules).every(({ level }) => level === 'error')).toBe(true);
  });

  it('is switched off nowhere in the templates', () => {
    expect([...bicepTexts].filter(([, text]) => /#disable-/.test(text))).toEqual([]);
  });
});

/** The Bicep CLI, where there is one: `BICEP`, or on the path. */
const cli = process.env.BICEP ?? (spawnSync('bicep', ['--version']).status === 0 ? 'bicep' : undefined);

// Not skipped without it, but not there: a skipped test counts as a failed one in CI.
if (cli !== undefined) {
  describe('the Bicep CLI', () => {
    it.each(bicepFiles.filter((name) => name.endsWith('.bicep')))(
      'compiles and lints %s without a word',
      (name) => {
        for (const act of ['build', 'lint']) {
          const { status, stderr } = spawnSync(
            cli,
            [act, join(folder, name), ...(act === 'build' ? ['--stdout'] : [])],
            { encoding: 'utf8' },
          );
          expect([act, stderr, status]).toEqual([act, '', 0]);
        }
      },
    );

    it.each(parameterFiles)('resolves %s', (name) => {
      const environment = { ...process.env, DRAWBRIDGE_DOMAIN: 'bridge.example.com' };
      expect(() =>
        execFileSync(cli, ['build-params', join(folder, name), '--stdout'], { env: environment }),
      ).not.toThrow();
    });
  });
}
