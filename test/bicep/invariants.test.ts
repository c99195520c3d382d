import { bicepTexts, choices, deploy } from './deployment.ts';
import { Deployment } from './invariants/deployed.ts';
import { invariants } from './invariants/invariants.ts';
import { weakenings } from './invariants/weakenings.ts';

describe.each(Object.entries(choices))('%s', (_, choice) => {
  it.each(invariants)('$name', async ({ broken }) => {
    expect(broken(new Deployment(await deploy(choice)))).toEqual([]);
  });
});

const byName = new Map(invariants.map((each) => [each.name, each]));

describe('a weakened setting breaks', () => {
  const everything = choices['production with every option'];
  const all = Object.entries(weakenings).flatMap(([name, each]) =>
    each.map(({ file, from, to }) => ({
      name,
      file,
      from,
      to,
      words: `${from} -> ${to}`.replaceAll(/\s+/g, ' ').slice(0, 90),
    })),
  );

  it.each(all)('"$name": $file: $words', async ({ name, file, from, to }) => {
    const text = bicepTexts.get(file) ?? '';
    expect(text).toContain(from);
    const changed = { [file]: text.replace(from, () => to) };
    const invariant = byName.get(name);
    // In production, or where every option is taken.
    const found = await Promise.all(
      [choices.production, everything].map(async (choice) =>
        choice && invariant ? invariant.broken(new Deployment(await deploy(choice, changed))) : [],
      ),
    );
    expect(found.flat()).not.toEqual([]);
  });

  it('every invariant: none is there that nothing breaks', () => {
    expect(Object.keys(weakenings).sort()).toEqual(invariants.map(({ name }) => name).sort());
  });
});

it('grants rights in one file alone', () => {
  const granting = [...bicepTexts].filter(([, text]) =>
    /(roleAssignments|sqlRoleAssignments|roleDefinitions)@/.test(text),
  );
  expect(granting.map(([name]) => name)).toEqual(['modules/roles.bicep']);
});

it('names things in one file alone', () => {
  const made = [...bicepTexts].filter(([, text]) => /uniqueString\(/.test(text));
  expect(made.map(([name]) => name)).toEqual(['main.bicep']);
});
