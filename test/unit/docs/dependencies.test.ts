import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../shared/package-root.ts';

const read = (file: string) => readFileSync(join(packageRoot, file), 'utf8');

/** Each runtime dependency is pinned, and the README says why it is there. */
it('pins every dependency, and the README says what each is for', () => {
  const { dependencies, devDependencies, optionalDependencies } = JSON.parse(read('package.json')) as Record<
    'dependencies' | 'devDependencies' | 'optionalDependencies',
    Record<string, string>
  >;
  const all = { ...dependencies, ...devDependencies, ...optionalDependencies };
  expect(Object.entries(all).filter(([, version]) => !/^\d+\.\d+\.\d+(-[a-z0-9.]+)?$/.test(version))).toEqual(
    [],
  );
  const readme = read('README.md');
  const table = readme.slice(readme.indexOf('## What it depends on'), readme.indexOf('## Checks'));
  const named = [...table.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
  const isNamed = (name: string) =>
    named.some((each) => each === name || (each.endsWith('/*') && name.startsWith(each.slice(0, -1))));
  expect(Object.keys({ ...dependencies, ...optionalDependencies }).filter((name) => !isNamed(name))).toEqual(
    [],
  );
});
