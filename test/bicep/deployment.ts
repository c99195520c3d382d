import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../shared/package-root.ts';
import { parseBicep, type Source } from './language/grammar.ts';
import { readParameterFile } from './language/parameter-file.ts';
import { deployTemplate, type Deployed } from './language/template.ts';
import type { ObjectValue } from './language/values.ts';

export const folder = join(packageRoot, 'bicep');
const subscriptionId = '00000000-0000-4000-8000-000000000000';

export const bicepFiles = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.bicep(param)?$/.test(name))
  .sort();
export const parameterFiles = bicepFiles.filter((name) => name.endsWith('.bicepparam'));

/** As text, so that a test can change one. */
export const bicepTexts: ReadonlyMap<string, string> = new Map(
  bicepFiles.map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
);

export interface Choice {
  readonly parameterFile: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Instead of what the file says. */
  readonly parameters?: ObjectValue;
}

/** The options that no parameter file takes are taken here, so that each branch is deployed in a test. */
const certificate = { DRAWBRIDGE_SHARE_CERTIFICATE: 'shares' };
export const choices: Readonly<Record<string, Choice>> = {
  production: { parameterFile: 'production.bicepparam', environment: certificate },
  development: { parameterFile: 'development.bicepparam', environment: certificate },
  'production, before there is a certificate': { parameterFile: 'production.bicepparam' },
  'production in one region': {
    parameterFile: 'production.bicepparam',
    environment: certificate,
    parameters: { secondRegion: false },
  },
  'production, public network': {
    parameterFile: 'production.bicepparam',
    environment: certificate,
    parameters: { privateNetwork: false },
  },
  'production with every option': {
    parameterFile: 'production.bicepparam',
    environment: certificate,
    parameters: {
      secondLocation: 'swedencentral',
      shareDomain: 'shares.example.net',
      backupsLocked: true,
      hostDns: false,
      mailDomain: 'example.com',
      mailDomainVerified: true,
      smsFrom: '+441632960000',
      alertEmails: 'operator@example.com,second@example.com',
      deployFrom: '198.51.100.0/24',
      settings: { TERMS_URL: 'https://example.com/terms', FRONT_DOOR_ID: 'not this one' },
      tags: { owner: 'platform' },
    },
  },
};

const environment = {
  AZURE_ENV_NAME: 'example',
  AZURE_LOCATION: 'westeurope',
  DRAWBRIDGE_DOMAIN: 'bridge.example.com',
};

export interface Chosen extends Deployed {
  /** What the parameter file and the choice say. */
  readonly parameters: ObjectValue;
}

/** What a choice deploys. @param changed texts that stand in for those of files */
export async function deploy(
  choice: Choice,
  changed: Readonly<Record<string, string>> = {},
): Promise<Chosen> {
  const sources = new Map<string, Source>();
  for (const [name, text] of bicepTexts) {
    const file = join(folder, name);
    sources.set(file, await parsed(file, changed[name] ?? text));
  }
  const file = sources.get(join(folder, choice.parameterFile));
  if (!file) throw new Error(`There is no ${choice.parameterFile}`);
  const { template, values } = readParameterFile(file, { ...environment, ...choice.environment });
  const parameters = { ...values, ...choice.parameters };
  return {
    ...deployTemplate(sources, template, parameters, { subscriptionId, group: undefined }),
    parameters,
  };
}

const cache = new Map<string, Source>();

async function parsed(file: string, text: string): Promise<Source> {
  const key = `${file}\n${text}`;
  const known = cache.get(key);
  if (known) return known;
  const made = await parseBicep(file, text);
  cache.set(key, made);
  return made;
}
