import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readConfiguration } from '../shared/configuration.ts';
import { systemClock as clock, systemRandom as random } from '../shared/system-clock.ts';
import { createResourceManager, type ResourceManager } from './azure/resource-manager.ts';
import { renewRelayKey } from './azure/relay-key.ts';
import { alignStandbyRelay } from './azure/standby-relay.ts';
import { createVaultSecrets, madeHere, rotated, type VaultSecrets } from './azure/vault-secrets.ts';
import { createFolderSecrets } from './folder-secrets.ts';

const usage = `npm run secrets                     makes those that are missing
npm run secrets -- rotate           a new version of those that are 90 days old (--older-than DAYS)
npm run secrets -- rotate NAME      a new version of this one now: ${madeHere.join(', ')}
npm run secrets -- withdraw NAME    the same, and what older versions made is worth nothing any more: ${rotated.join(', ')}
npm run secrets -- renew-relay-key  new keys of the relay for gateways
Settings: KEY_VAULT_RESOURCE_ID, RELAY_RESOURCE_ID and STANDBY_RELAY_RESOURCE_ID (if there is one), signed in with
azd or az; or DATA_DIR.`;

// eslint-disable-next-line no-restricted-properties -- a composition root
const settings = process.env;
const print = (line: string) => void process.stdout.write(`${line}\n`);

async function signIn(): Promise<() => Promise<string>> {
  const { AzureCliCredential, AzureDeveloperCliCredential, ChainedTokenCredential } =
    await import('@azure/identity');
  const credential = new ChainedTokenCredential(new AzureDeveloperCliCredential(), new AzureCliCredential());
  return async () => (await credential.getToken('https://management.azure.com/.default')).token;
}

function setting(name: 'KEY_VAULT_RESOURCE_ID' | 'RELAY_RESOURCE_ID' | 'STANDBY_RELAY_RESOURCE_ID'): string {
  const id = settings[name] ?? '';
  if (!/^\/subscriptions\/[\w-]+\/resourceGroups\/[\w.()-]+\/providers\/Microsoft\.[\w/.-]+$/i.test(id))
    throw new Error(`${name}: the resource id is wanted, as the deployment puts it out.`);
  return id;
}

interface Keeper {
  readonly secrets: Omit<VaultSecrets, 'put'>;
  renewRelayKey(): Promise<string>;
}

async function vault(): Promise<Keeper> {
  const ask: ResourceManager = createResourceManager({
    origin: 'https://management.azure.com',
    token: await signIn(),
    sleep: (milliseconds) => sleep(milliseconds),
    fetch,
  });
  const secrets = createVaultSecrets({ ask, vaultId: setting('KEY_VAULT_RESOURCE_ID'), clock, random });
  async function alignStandby(): Promise<void> {
    if (!settings.STANDBY_RELAY_RESOURCE_ID) return;
    const standbyId = setting('STANDBY_RELAY_RESOURCE_ID');
    await alignStandbyRelay({ ask, relayId: setting('RELAY_RESOURCE_ID'), standbyId });
    print('The relay of the second region has the same key.');
  }
  return {
    secrets: {
      ...secrets,
      async makeMissing() {
        await alignStandby();
        return secrets.makeMissing();
      },
    },
    async renewRelayKey() {
      print('Renewing both keys; this takes two minutes.');
      const pause = (milliseconds: number) => sleep(milliseconds);
      await renewRelayKey({ ask, relayId: setting('RELAY_RESOURCE_ID'), put: secrets.put, sleep: pause });
      await alignStandby();
      return 'Gateways get the new key with their next token.';
    },
  };
}

/** Only where the service has run: a folder that was misspelt must not look like one that is in order. */
function folder(): Keeper {
  const { dataDir, keyVaultUrl } = readConfiguration(settings);
  const file = join(dataDir, 'secrets.json');
  if (keyVaultUrl !== undefined || !existsSync(file))
    throw new Error(`Name the vault (KEY_VAULT_RESOURCE_ID) or the data folder (DATA_DIR): no ${file} here.`);
  const secrets = createFolderSecrets({ file, clock, random });
  return {
    secrets,
    async renewRelayKey() {
      await secrets.withdraw('relay-listen-key');
      await secrets.withdraw('relay-send-key');
      return 'Restart the service: its relay takes the new keys then.';
    },
  };
}

type Act = (keeper: Keeper) => Promise<string>;

const made = (names: readonly string[]) =>
  names.length === 0 ? 'Every secret is as it should be.' : `New versions: ${names.join(', ')}`;

/** @returns undefined for what is no command */
function actOf([act, ...rest]: readonly string[]): Act | undefined {
  const named = (names: readonly (typeof madeHere)[number][]) =>
    rest.length === 1 ? names.find((each) => each === rest[0]) : undefined;
  switch (act) {
    case undefined:
      return async ({ secrets }) => made(await secrets.makeMissing());
    case 'renew-relay-key':
      return rest.length === 0 ? (keeper) => keeper.renewRelayKey() : undefined;
    case 'withdraw': {
      const name = named(rotated);
      return name === undefined
        ? undefined
        : async ({ secrets }) => {
            await secrets.withdraw(name);
            return `${name} has a new version. What older ones made is refused within a minute.`;
          };
    }
    case 'rotate': {
      const name = named(madeHere);
      if (name !== undefined)
        return async ({ secrets }) => {
          await secrets.rotate(name);
          return `${name} has a new version.`;
        };
      const days =
        rest.length === 0 ? 90 : rest[0] === '--older-than' && rest.length === 2 ? Number(rest[1]) : NaN;
      return days >= 0 ? async ({ secrets }) => made(await secrets.rotateOlderThan(days)) : undefined;
    }
    default:
      return undefined;
  }
}

async function run(args: readonly string[]): Promise<number> {
  const act = actOf(args);
  if (act === undefined) {
    process.stderr.write(`${usage}\n`);
    return 2;
  }
  print(await act(settings.KEY_VAULT_RESOURCE_ID === undefined ? folder() : await vault()));
  return 0;
}

run(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);
