import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../shared/clock.ts';
import { silentLog } from '../../shared/log.ts';
import { openFileSecretStore } from '../../shared/secrets/file-secret-store.ts';
import { keyVaultSecretStore, withdrawsOlder } from '../../shared/secrets/key-vault-secret-store.ts';
import { secretNames } from '../../shared/secrets/secret-store.ts';
import { systemRandom } from '../../shared/system-clock.ts';
import { keyVaultEnvironment, type KeyVaultEnvironment } from '../support/key-vault-environment.ts';
import { secretStoreContract } from './secret-store.contract.ts';

secretStoreContract('A file', async (clock) => {
  const folder = await mkdtemp(join(tmpdir(), 'drawbridge-'));
  const open = () => openFileSecretStore({ file: join(folder, 'secrets.json'), clock, random: systemRandom });
  const store = open();
  return {
    store,
    other: open(),
    rotate: async (name) => (await store.rotate(name)).version,
    withdraw: async (name) => (await store.withdraw(name)).version,
    dispose: () => rm(folder, { recursive: true }),
  };
});

let environment: KeyVaultEnvironment;
let vaultClock: Clock;
beforeAll(async () => {
  environment = await keyVaultEnvironment({ now: () => vaultClock.now() });
});
afterAll(() => environment.close());

secretStoreContract('Key Vault', async (clock) => {
  const { vault } = environment;
  vaultClock = clock;
  vault.reset();
  for (const name of secretNames) vault.make(name);
  const open = () => keyVaultSecretStore({ vaultUrl: vault.url, clientId: undefined, clock, log: silentLog });
  return {
    store: open(),
    other: open(),
    rotate: async (name) => vault.make(name).version,
    withdraw: async (name) => vault.make(name, { tags: withdrawsOlder }).version,
    dispose: async () => {},
  };
});
