import { createResourceManager, ResourceManagerError } from '../../../local/azure/resource-manager.ts';
import { renewRelayKey } from '../../../local/azure/relay-key.ts';
import { alignStandbyRelay } from '../../../local/azure/standby-relay.ts';
import { createVaultSecrets, madeHere, rotated } from '../../../local/azure/vault-secrets.ts';
import { day } from '../../../shared/clock.ts';
import { withdrawsOlder } from '../../../shared/secrets/key-vault-secret-store.ts';
import { readSecretText } from '../../../shared/secrets/secret-text.ts';
import { secretNames } from '../../../shared/secrets/secret-store.ts';
import { systemRandom as random } from '../../../shared/system-clock.ts';
import { startLoopbackResourceManager } from '../../support/loopback-resource-manager.ts';

const vaultId = '/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v';
const relayId = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Relay/namespaces/r';

let now = Date.parse('2026-11-01T00:00:00Z');
const clock = { now: () => now };
let azure: Awaited<ReturnType<typeof startLoopbackResourceManager>>;
let slept: number[];
beforeEach(async () => {
  azure = await startLoopbackResourceManager(clock);
  slept = [];
});
afterEach(() => azure.close());

const sleep = async (milliseconds: number) => void slept.push(milliseconds);
const askAs = (token: string) =>
  createResourceManager({ origin: azure.origin, token: async () => token, sleep, fetch });
const vault = () => createVaultSecrets({ ask: askAs('token'), vaultId, clock, random });

describe('the secrets of a vault (OWASP ASVS 6.4.1, 2.10.4)', () => {
  it('are made where they are missing, each of 32 random bytes that the service can read', async () => {
    expect(await vault().makeMissing()).toEqual(madeHere);
    const values = madeHere.map((name) => azure.secrets.get(name)?.[0]?.value ?? '');
    expect(values.every((value) => readSecretText(value)?.length === 32)).toBe(true);
    expect(new Set(values).size).toBe(madeHere.length);
  });

  it('are all that the service has, but for those of the relay, which are made by Azure', () => {
    expect(secretNames.filter((name) => !madeHere.includes(name))).toEqual([
      'relay-listen-key',
      'relay-send-key',
    ]);
  });

  it('are left alone where they are, also when made once more: nobody is disconnected by a deployment', async () => {
    await vault().makeMissing();
    const before = new Map(azure.secrets);
    expect(await vault().makeMissing()).toEqual([]);
    expect(azure.secrets).toEqual(before);
  });

  it('rotate when they are old, and those that are checked for ever do not', async () => {
    await vault().makeMissing();
    now += 89 * day;
    expect(await vault().rotateOlderThan(90)).toEqual([]);
    now += day;
    expect(await vault().rotateOlderThan(90)).toEqual(rotated);
    expect(await vault().rotateOlderThan(90)).toEqual([]);
    expect(rotated).toEqual(expect.arrayContaining(['token-signing', 'refresh-key-mac']));
    expect(rotated).not.toContain('backup');
    expect(rotated).not.toContain('second-factor');
    for (const name of madeHere) expect(azure.secrets.get(name)).toHaveLength(rotated.includes(name) ? 2 : 1);
  });

  it('expire a year after they were made, so that the vault warns; those that are checked for ever never', async () => {
    await vault().makeMissing();
    for (const name of madeHere)
      expect(azure.secrets.get(name)?.[0]?.attributes.exp).toBe(
        rotated.includes(name) ? now / 1000 + 365 * 24 * 3600 : undefined,
      );
  });

  it('can be changed one at a time, whatever their age', async () => {
    await vault().makeMissing();
    await vault().rotate('backup');
    expect(azure.secrets.get('backup')).toHaveLength(2);
  });
});

describe('a secret that was stolen', () => {
  it('is withdrawn by a new version that says so to whoever reads the vault (OWASP ASVS 6.4.1)', async () => {
    await vault().makeMissing();
    await vault().withdraw('token-signing');
    const [newest, stolen] = azure.secrets.get('token-signing') ?? [];
    expect(newest?.tags).toEqual(withdrawsOlder);
    expect(newest?.value).not.toBe(stolen?.value);
    await vault().rotate('token-signing');
    expect(azure.secrets.get('token-signing')?.[0]?.tags).toBeUndefined();
  });
});

describe('the key of the relay', () => {
  it('is renewed twice, so that the vault never holds one that the relay refuses', async () => {
    const old = { ...azure.keys };
    const held: string[] = [];
    const pause = async () => {
      const [current] = azure.secrets.get('relay-listen-key') ?? [];
      held.push(current?.value ?? '');
      // The first key is still the old one while hosts take the second one up.
      expect(azure.keys.primaryKey).toBe(old.primaryKey);
    };
    await renewRelayKey({ ask: askAs('token'), relayId, put: vault().put, sleep: pause });
    expect(held).toEqual([azure.keys.secondaryKey]);
    expect(azure.secrets.get('relay-listen-key')?.[0]?.value).toBe(azure.keys.primaryKey);
    expect(Object.values(azure.keys)).not.toContain(old.primaryKey);
    expect(Object.values(azure.keys)).not.toContain(old.secondaryKey);
  });
});

describe('the relay of the second region', () => {
  const standbyId = relayId.replace(/r$/, 'standby');

  it('gets the key of the first, so that a failover changes no secret', async () => {
    await alignStandbyRelay({ ask: askAs('token'), relayId, standbyId });
    expect(azure.standbyKeys.primaryKey).toBe(azure.keys.primaryKey);
    const before = { ...azure.standbyKeys };
    await alignStandbyRelay({ ask: askAs('token'), relayId, standbyId });
    expect(azure.standbyKeys).toEqual(before);
  });
});

describe('Azure Resource Manager', () => {
  it('is asked again when it is busy, after the time it says, and a few times only', async () => {
    azure.failures.push({ status: 429, retryAfter: 7 }, { status: 503 });
    await vault().rotate('handoff');
    expect(slept).toEqual([7000, 2000]);
    azure.failures.push(...Array.from({ length: 4 }, () => ({ status: 503 })));
    await expect(vault().rotate('handoff')).rejects.toThrow(ResourceManagerError);
    expect(azure.asked).toHaveLength(7);
  });

  it('may refuse, which is told without what was sent', async () => {
    const secrets = createVaultSecrets({ ask: askAs('another'), vaultId, clock, random });
    await expect(secrets.rotate('handoff')).rejects.toThrow(
      new Error('Azure Resource Manager refuses to make the secret handoff: 401 InvalidToken'),
    );
  });
});
