import { choices, deploy } from './deployment.ts';
import { complaints, publishedVersions } from './azure-types.ts';

/** Day of the type data. */
const dataFrom = Date.parse('2026-08-20');
const twoYears = 730 * 24 * 3600 * 1000;

describe.each(Object.entries(choices))('%s', (_, choice) => {
  it('sends nothing that the types of Azure do not know, and all that they demand', async () => {
    const { resources } = await deploy(choice);
    expect(resources.length).toBeGreaterThan(80);
    expect(resources.flatMap(complaints)).toEqual([]);
  });

  it('uses API versions that are not two years old, or the newest there is', async () => {
    const { resources } = await deploy(choice);
    const old = resources.filter(({ type, apiVersion }) => {
      const versions = publishedVersions[type] ?? [];
      const [newest] = versions.filter((each) => !each.endsWith('preview'));
      return (
        apiVersion !== newest &&
        apiVersion !== versions[0] &&
        dataFrom - Date.parse(apiVersion.slice(0, 10)) > twoYears
      );
    });
    expect(old.map(({ type, apiVersion }) => `${type}@${apiVersion}`)).toEqual([]);
  });
});

describe('the check itself', () => {
  const change = async (name: string, from: string, to: string) => {
    const file = (await import('./deployment.ts')).bicepTexts.get(name) ?? '';
    expect(file).toContain(from);
    const { resources } = await deploy(
      { parameterFile: 'production.bicepparam' },
      { [name]: file.replaceAll(from, to) },
    );
    return resources.flatMap(complaints);
  };

  it.each([
    [
      'a misspelled property',
      'enablePurgeProtection: true',
      'enablePurgeProtections: true',
      /"enablePurgeProtections"/,
    ],
    ['another type', 'softDeleteRetentionInDays: 90', "softDeleteRetentionInDays: '90'", /must be integer/],
    [
      'no value of an enumeration',
      "name: 'standard'",
      "name: 'gold'",
      /must be equal to one of the allowed values/,
    ],
    ['a missing property', 'tenantId: tenant().tenantId', '', /"tenantId"/],
  ])('finds %s', async (_, from, to, found) => {
    expect((await change('modules/vault.bicep', from, to)).join('\n')).toMatch(found);
  });
});
