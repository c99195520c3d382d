import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock as clock, systemRandom as random } from '../shared/system-clock.ts';
import { createResourceManager } from './azure/resource-manager.ts';
import { renewRelayKey } from './azure/relay-key.ts';
import { createVaultSecrets, madeHere } from './azure/vault-secrets.ts';

const usage = `npm run secrets                     makes those that are missing in the vault
npm run secrets -- rotate           a new version of those that are 90 days old (--older-than DAYS)
npm run secrets -- rotate NAME      a new version of this one now: ${madeHere.join(', ')}
npm run secrets -- renew-relay-key  new keys of the relay for gateways
Settings: KEY_VAULT_RESOURCE_ID, RELAY_RESOURCE_ID; signed in with azd or az.`;

// eslint-disable-next-line no-restricted-properties -- a composition root
const settings = process.env;
const print = (line: string) => void process.stdout.write(`${line}\n`);

async function signIn(): Promise<() => Promise<string>> {
  const { AzureCliCredential, AzureDeveloperCliCredential, ChainedTokenCredential } =
    await import('@azure/identity');
  const credential = new ChainedTokenCredential(new AzureDeveloperCliCredential(), new AzureCliCredential());
  return async () => (await credential.getToken('https://management.azure.com/.default')).token;
}

function setting(name: 'KEY_VAULT_RESOURCE_ID' | 'RELAY_RESOURCE_ID'): string {
  const id = settings[name] ?? '';
  if (!/^\/subscriptions\/[\w-]+\/resourceGroups\/[\w.()-]+\/providers\/Microsoft\.[\w/.-]+$/i.test(id))
    throw new Error(`${name}: the resource id is wanted, as the deployment puts it out.`);
  return id;
}

async function run(args: readonly string[]): Promise<number> {
  const [act, ...rest] = args;
  const name = madeHere.find((each) => each === rest[0]);
  const days =
    rest.length === 0 ? 90 : rest[0] === '--older-than' && rest.length === 2 ? Number(rest[1]) : NaN;
  const known =
    act === undefined ||
    (act === 'renew-relay-key' && rest.length === 0) ||
    (act === 'rotate' && (days >= 0 || (name !== undefined && rest.length === 1)));
  if (!known) {
    process.stderr.write(`${usage}\n`);
    return 2;
  }
  const ask = createResourceManager({
    origin: 'https://management.azure.com',
    token: await signIn(),
    sleep: (milliseconds) => sleep(milliseconds),
    fetch,
  });
  const secrets = createVaultSecrets({ ask, vaultId: setting('KEY_VAULT_RESOURCE_ID'), clock, random });
  if (act === 'renew-relay-key') {
    print('Renewing both keys; this takes two minutes.');
    const pause = (milliseconds: number) => sleep(milliseconds);
    await renewRelayKey({ ask, relayId: setting('RELAY_RESOURCE_ID'), put: secrets.put, sleep: pause });
    print('Gateways get the new key with their next token.');
  } else if (act === 'rotate' && name !== undefined) {
    await secrets.rotate(name);
    print(`${name} has a new version.`);
  } else {
    const made = act === 'rotate' ? await secrets.rotateOlderThan(days) : await secrets.makeMissing();
    print(made.length === 0 ? 'Every secret is as it should be.' : `New versions: ${made.join(', ')}`);
  }
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
