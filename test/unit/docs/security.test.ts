import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../shared/package-root.ts';

const page = readFileSync(join(packageRoot, 'docs/security.md'), 'utf8');
const { scripts } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};

/** The page promises nothing that points nowhere. */
describe('the page for the security officer', () => {
  const paths = [...page.matchAll(/`((?:bicep|docs|functions|gateway|local|shared|test)\/[^` ]+)`/g)].map(
    ([, path = '']) => path,
  );

  it('names files that are there', () => {
    expect(paths.length).toBeGreaterThan(80);
    expect(paths.filter((path) => !existsSync(join(packageRoot, path)))).toEqual([]);
  });

  it('names a place and a proof for each statement', () => {
    const statements = page.slice(page.indexOf('## Statements'), page.indexOf('## Threats'));
    const rows = statements
      .split('\n')
      .filter((line) => line.startsWith('| ') && !/^\| (\*\*|---|statement)/.test(line))
      .map((line) => line.split('|').map((cell) => cell.trim()));
    expect(rows.length).toBeGreaterThan(30);
    for (const [, statement, where, proof] of rows)
      expect([statement, where === '' || proof === '']).toEqual([statement, false]);
  });

  it('names npm scripts that are there', () => {
    const named = [...page.matchAll(/`npm run ([a-z:]+)/g)].map(([, name = '']) => name);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});
