import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { costTable, prices } from '../../../local/cost.ts';
import { packageRoot } from '../../../shared/package-root.ts';

const page = readFileSync(join(packageRoot, 'docs/cost.md'), 'utf8')
  .replaceAll(/ +\|/g, ' |')
  .replaceAll(/\| +/g, '| ');

it('docs/cost.md holds the table that its formula gives', () => {
  for (const row of costTable().split('\n')) expect(page).toContain(row);
});

it('docs/cost.md names every price that it assumes', () => {
  for (const price of Object.values(prices)) expect(page).toContain(String(price));
});
