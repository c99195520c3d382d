import { parseBicep, type Source } from './language/grammar.ts';
import { readParameterFile } from './language/parameter-file.ts';
import { deployTemplate } from './language/template.ts';
import type { ObjectValue } from './language/values.ts';
import { bicepTexts, choices, deploy } from './deployment.ts';

const place = { subscriptionId: 'sub', group: 'rg' };

/** Deploys main.bicep, beside which there may be others. */
async function run(main: string, given: ObjectValue = {}, others: Readonly<Record<string, string>> = {}) {
  const sources = new Map<string, Source>();
  for (const [file, text] of Object.entries({ 'main.bicep': main, ...others }))
    sources.set(file, await parseBicep(file, text));
  return deployTemplate(sources, 'main.bicep', given, place);
}

const outputOf = async (text: string) => (await run(text)).outputs.it;

const child = `@description('Required. One.')\nparam one string\noutput two string = one\n`;
const vault = `resource v 'Microsoft.KeyVault/vaults@2025-05-01' = {\n  name: 'v'\n}\n`;

describe('the evaluator', () => {
  it.each([
    ['text', "var a = 'x'\noutput it string = '${a}-${1}'", 'x-1'],
    ['blanks around what is put into text', "var a = 'x'\noutput it string = ' ${a} ${a} '", ' x x '],
    ['escapes', "output it string = 'it\\'s'", "it's"],
    ['text of several lines', "output it string = '''\na'b\n'''", "a'b\n"],
    [
      'a choice, and what follows its last part',
      "var a = { b: 'x' }\noutput it string = false ? 'y' : a.b",
      'x',
    ],
    ['a comparison with a member', "var a = { b: 'x' }\noutput it bool = 'x' == a.b", true],
    ['the contrary of a member', 'var a = { b: true }\noutput it bool = !a.b', false],
    ['a lambda of a choice', "output it string[] = map(['a', 'b'], x => x == 'a' ? x : 'z')", ['a', 'z']],
    ['a lambda of a member', "output it string[] = map([{ n: 'a' }], x => x.n)", ['a']],
    [
      'calls in arrays',
      "output it string[] = [\n  resourceGroup().id\n  'x'\n]",
      ['/subscriptions/sub/resourceGroups/rg', 'x'],
    ],
    ['elements in arrays', "var a = [{ b: 'x' }]\noutput it string[] = [\n  a[0].b\n  a[0].b\n]", ['x', 'x']],
    ['a loop', "output it string[] = [for (n, i) in ['a', 'b']: '${i}${n}']", ['0a', '1b']],
    [
      'objects put together, the last one wins',
      "type named = {}\noutput it named = union({ a: 'x' }, { a: 'y' })",
      { a: 'y' },
    ],
    ['what is not reached', "output it string = true ? 'x' : resourceGroup('a', 'b').nonsense", 'x'],
  ])('reads %s', async (_, text, value) => {
    expect(await outputOf(text)).toEqual(value);
  });

  it.each([
    ['a name that is not declared', 'output it string = nobody', /main\.bicep:1:20: nobody is not declared/],
    [
      'one that is in a branch never taken',
      "output it string = true ? 'x' : nobody",
      /nobody is not declared/,
    ],
    [
      'one under a condition that is false',
      vault.replace('= {', '= if (false) {').replace("'v'", 'nobody'),
      /nobody is not/,
    ],
    ['a variable that is never used', "var a = 'x'", /a is never used/],
    ['a parameter that is never used', "@description('Required. It.')\nparam a string", /a is never used/],
    ['a reference that is never used', vault.replace('= {', 'existing = {'), /v is never used/],
    [
      'a name that is declared twice',
      "var a = 'x'\nvar a = 'y'\noutput it string = a",
      /a is declared twice/,
    ],
    ['a parameter without a description', 'param a string\noutput it string = a', /a wants a description/],
    [
      'a description of another form',
      "@description('It.')\nparam a string\noutput it string = a",
      /a wants a description/,
    ],
    [
      'a parameter that is required and has a default',
      "@description('Required. It.')\nparam a string = 'x'\noutput it string = a",
      /said to be Required, and has a default/,
    ],
    [
      'a function that it does not know',
      "output it string = base64('x')",
      /does not know the function base64/,
    ],
    ['an operator that it does not know', 'output it int = 2 * 3', /does not know \*/],
    ['a statement that it does not know', "import 'kubernetes@1.0.0'", /does not know import/],
    ['a type that it does not know', 'output it object = {}', /does not know the type object/],
    ['a value of another type', 'output it string = 1', /it: string is wanted/],
    [
      'a value that breaks a rule',
      "@description('Optional. It.')\n@allowed(['a'])\nparam x string = 'b'\noutput it string = x",
      /x breaks @allowed/,
    ],
    ['a member that does not exist', "var a = { b: 'x' }\noutput it string = a.c", /there is no c, only b/],
    [
      'a member of a resource that does not exist',
      `${vault}output it string = v.properties.nonsense`,
      /has no nonsense/,
    ],
    [
      'an element that does not exist',
      "var a = ['x']\noutput it string = a[1]",
      /there is no element 1, only 1/,
    ],
    ['what depends on itself', 'var a = b\nvar b = a\noutput it string = a', /depends on itself/],
    [
      'a secret in an output',
      "resource l 'Microsoft.Relay/namespaces@2026-01-01' existing = {\n  name: 'r'\n}\noutput it string = 'key=${l.listKeys().primaryKey}'",
      /it would give a secret away/,
    ],
    [
      'a child that belongs elsewhere',
      `${vault}resource c 'Microsoft.Relay/namespaces/hybridConnections@2026-01-01' = {\n  parent: v\n  name: 'c'\n}`,
      /is no child of/,
    ],
    ['what is not Bicep', "output it string = 'x", /unexpected|missing/],
  ])('refuses %s, by name', async (_, text, complaint) => {
    await expect(run(text)).rejects.toThrow(complaint);
  });

  it.each([
    [
      'a parameter is missing',
      "module m 'child.bicep' = {\n  params: {}\n}",
      /m: child\.bicep: the parameter one is missing/,
    ],
    [
      'a parameter is unknown',
      "module m 'child.bicep' = {\n  params: { one: 'x', three: 'y' }\n}",
      /m: child\.bicep: there is no parameter three/,
    ],
    [
      'a parameter is of another type',
      "module m 'child.bicep' = {\n  params: { one: 1 }\n}",
      /one: string is wanted/,
    ],
    [
      'an output does not exist',
      "module m 'child.bicep' = {\n  params: { one: 'x' }\n}\noutput it string = m.outputs.three",
      /there is no three, only two/,
    ],
    [
      'it is not deployed, and its output is wanted',
      "module m 'child.bicep' = if (false) {\n  params: { one: 'x' }\n}\noutput it string = m!.outputs.two",
      /m is not deployed/,
    ],
    [
      'its file does not exist',
      "module m 'other.bicep' = {\n  params: {}\n}",
      /other\.bicep: there is no such file/,
    ],
  ])('refuses a module when %s', async (_, text, complaint) => {
    await expect(run(text, {}, { 'child.bicep': child })).rejects.toThrow(complaint);
  });

  it('keeps what only the deployment knows as such, also within text', async () => {
    const { outputs } = await run(`${vault}output it string = 'at \${v.properties.vaultUri}'`);
    expect(outputs.it).toMatchObject({ what: 'at <main.v.properties.vaultUri>', secret: false });
  });

  it('reads parameter files, and refuses a variable that the environment lacks', async () => {
    const file = await parseBicep(
      'x.bicepparam',
      "using 'main.bicep'\nparam a = readEnvironmentVariable('A')\nparam b = 'x'",
    );
    expect(readParameterFile(file, { A: 'y' })).toEqual({
      template: 'main.bicep',
      values: { a: 'y', b: 'x' },
    });
    expect(() => readParameterFile(file, {})).toThrow('x.bicepparam:2:11: the environment has no A');
  });
});

describe.each(Object.entries(choices))('%s', (_, choice) => {
  it('is deployed without a complaint', async () => {
    const { resources } = await deploy(choice);
    expect(new Set(resources.map(({ id }) => id)).size).toBe(resources.length);
  });
});

it('has every file of the folder in a deployment: none lies there unused', () => {
  const all = [...bicepTexts.values()].join('\n');
  const modules = [...bicepTexts.keys()].filter((name) => name.startsWith('modules/'));
  expect(modules.length).toBeGreaterThan(10);
  expect(modules.filter((name) => !all.includes(`'${name}'`))).toEqual([]);
});
