import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readConfiguration } from '../../shared/configuration.ts';
import { packageRoot } from '../../shared/package-root.ts';
import { cosmosContainers } from '../../shared/store/cosmos-containers.ts';
import { choices, deploy } from './deployment.ts';
import { at, Deployment, object, textOf } from './invariants/deployed.ts';
import { isObject, Opaque, type Value } from './language/values.ts';

/** What Azure would make of the settings that only it knows. */
const filledIn: readonly [RegExp, string][] = [
  [/documentEndpoint/, 'https://name.documents.azure.com:443/'],
  [/vaultUri/, 'https://name.vault.azure.net/'],
  [/primaryEndpoints\.blob/, 'https://name.blob.core.windows.net/'],
  [/webPubSub|web-pubsub/, 'name.webpubsub.azure.com'],
  [/communication\.service/, 'name.europe.communication.azure.com'],
  [/mailFromSenderDomain/, '0a1b.azurecomm.net'],
  [/frontDoorId/, '9f0c8a5e-6d0b-4d5c-8a63-3f1b7f3f6a11'],
  [/clientId/, '3f1b7f3f-6d0b-4d5c-8a63-9f0c8a5e6a11'],
  [/ConnectionString/, 'InstrumentationKey=x'],
];

const known = (value: Value | undefined): string =>
  value instanceof Opaque
    ? value.what.replaceAll(
        /<([^<>]+)>/g,
        (_, what: string) => filledIn.find(([name]) => name.test(what))?.[1] ?? what,
      )
    : textOf(value);

const whole = (text: string) => filledIn.find(([name]) => name.test(text))?.[1] ?? text;

/** The settings of the function apps of a deployment. */
async function settingsOf(choice: Parameters<typeof deploy>[0]) {
  const deployment = new Deployment(await deploy(choice));
  return deployment.of('Microsoft.Web/sites/config').map((config) => {
    const settings = Object.entries(object(at(config, 'properties')));
    return Object.fromEntries(
      settings.map(([name, value]) => {
        const text = known(value);
        return [name, value instanceof Opaque && !value.what.includes('<') ? whole(text) : text];
      }),
    );
  });
}

const inReadme = [...readFileSync(join(packageRoot, 'README.md'), 'utf8').matchAll(/^\| `([A-Z_]+)` /gm)].map(
  ([, name]) => name,
);
/** Of the Functions host and its telemetry, not of ours. */
const ofHost = /^(AzureWebJobs|APPLICATIONINSIGHTS_)/;

describe.each(Object.entries(choices))('the function apps of %s', (_, choice) => {
  it('have settings that the service understands, and that turn Azure on for each of its ports', async () => {
    for (const settings of await settingsOf(choice)) {
      const read = readConfiguration(settings);
      expect(read).toMatchObject({
        publicOrigin: 'https://portal.bridge.example.com',
        relayInAzure: true,
        cosmos: { endpoint: 'https://name.documents.azure.com', database: 'drawbridge', key: undefined },
        keyVaultUrl: 'https://name.vault.azure.net',
        backupContainerUrl: 'https://name.blob.core.windows.net/backups',
        azureClientId: '3f1b7f3f-6d0b-4d5c-8a63-9f0c8a5e6a11',
        frontDoorId: '9f0c8a5e-6d0b-4d5c-8a63-3f1b7f3f6a11',
      });
      expect(read.relayResourceId).toMatch(/providers\/Microsoft\.Relay\/namespaces\/relay-/);
      expect(read.shareDomain).toBe(choice.parameters?.shareDomain ?? 'share.bridge.example.com');
      expect(read.mailFrom).toMatch(/^Drawbridge <[\w-]+@[\w.]+>$/);
    }
  });

  it('have no setting that the README does not name', async () => {
    const names = (await settingsOf(choice)).flatMap((settings) => Object.keys(settings));
    expect(names.filter((name) => !ofHost.test(name) && !inReadme.includes(name))).toEqual([]);
  });

  it('have no setting that holds a key', async () => {
    const texts = (await settingsOf(choice)).flatMap((settings) => Object.values(settings));
    expect(texts.filter((text) => /AccountKey=|SharedAccessKey|;Password=|listKeys/i.test(text))).toEqual([]);
  });
});

it('what an operator sets besides stands in for nothing that the deployment sets', async () => {
  const choice = choices['production with every option'];
  const [settings] = choice ? await settingsOf(choice) : [];
  expect(settings).toMatchObject({
    TERMS_URL: 'https://example.com/terms',
    SMS_FROM: '+441632960000',
    FRONT_DOOR_ID: '9f0c8a5e-6d0b-4d5c-8a63-3f1b7f3f6a11',
  });
});

describe.each(Object.entries(choices).slice(0, 2))('the containers of %s', (_, choice) => {
  it('are those that the service asks, with their indexes (else: npm run containers)', async () => {
    const { resources } = await deploy(choice);
    const made = resources
      .filter(({ type }) => type === 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers')
      .map((container) => at(container, 'properties.resource'));
    expect(made).toEqual(JSON.parse(JSON.stringify(cosmosContainers)));
  });

  it('share request units 25 at most, as Cosmos DB allows; the others have their own', async () => {
    const { resources } = await deploy(choice);
    const options = resources
      .filter(({ type }) => type === 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers')
      .map((container) => object(at(container, 'properties.options')));
    const sharing = options.filter((each) => isObject(each) && Object.keys(each).length === 0);
    expect(sharing.length).toBeLessThanOrEqual(25);
    expect(sharing.length).toBeLessThan(options.length);
  });
});
