import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as passing } from 'node:timers/promises';
import { HttpRequest } from '@azure/functions';
import { shareList } from '../../../functions/share-list.ts';
import { answer, problemDocument } from '../../../functions/trigger/endpoint.ts';
import { composeServices } from '../../../functions/trigger/services.ts';
import { day, hour, minute, second } from '../../../shared/clock.ts';
import { readConfiguration } from '../../../shared/configuration.ts';
import type { GatewayId, SystemId } from '../../../shared/identifier.ts';
import { jsonLines } from '../../../shared/log.ts';
import { createAccessTokens } from '../../../shared/oauth/access-token.ts';
import { cachedSecrets } from '../../../shared/secrets/cached-secrets.ts';
import { keyVaultSecretStore, withdrawsOlder } from '../../../shared/secrets/key-vault-secret-store.ts';
import { SecretsUnavailable, secretNames } from '../../../shared/secrets/secret-store.ts';
import { systemRandom } from '../../../shared/system-clock.ts';
import { keyVaultEnvironment } from '../../support/key-vault-environment.ts';
import type { LoopbackKeyVault } from '../../support/loopback-key-vault.ts';

const claims = {
  systemId: 'sys-1' as SystemId,
  gatewayId: 'gw-1' as GatewayId,
  generation: 1,
  keyHash: 'hash',
};
const clientId = '7c9f6b3e-1d2a-4f5b-8c7d-9e0f1a2b3c4d';
const keyOf = (token: string): unknown =>
  (JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid?: unknown }).kid;

let now: number;
const clock = { now: () => now };
let lines: string[];
const log = jsonLines(
  (line) => lines.push(line),
  () => '',
);
let vault: LoopbackKeyVault;
let close: () => Promise<void>;
beforeAll(async () => {
  ({ vault, close } = await keyVaultEnvironment(clock));
});
afterAll(() => close());
beforeEach(() => {
  now = Date.UTC(2026, 5, 1, 12);
  lines = [];
  vault.reset();
});

const openStore = (id?: string) => keyVaultSecretStore({ vaultUrl: vault.url, clientId: id, clock, log });
/** A host: the store behind its cache, and what signs and verifies above it. */
function host() {
  const secrets = cachedSecrets({ secrets: openStore(), clock, log });
  return { secrets, tokens: createAccessTokens({ secrets, clock, issuer: 'https://drawbridge.example' }) };
}
/** Lets what runs behind the caller's back come to an end. */
async function settled(act: () => Promise<boolean>) {
  for (let n = 0; n < 500; n++) {
    if (await act()) return;
    await passing(10);
  }
  throw new Error('It did not settle.');
}

describe('signing in to the vault', () => {
  it('answers the challenge with a token of the managed identity for the vault’s resource, once', async () => {
    vault.make('token-signing');
    const store = openStore();
    await store.current('token-signing');
    await store.current('token-signing');
    expect(vault.state.challenged).toBe(1);
    for (const { resource } of vault.identity.asked) expect(resource).toBe('https://vault.azure.net');
  });

  it('signs in as the user-assigned identity where one is named', async () => {
    vault.make('token-signing');
    await openStore(clientId).current('token-signing');
    expect(vault.identity.asked.map((asked) => asked.clientId)).toEqual([clientId]);
  });

  it('sends its token to no host that names another’s resource in the challenge', async () => {
    vault.make('token-signing');
    vault.state.challengeResource = 'https://management.azure.com';
    await expect(openStore().current('token-signing')).rejects.toThrow(SecretsUnavailable);
    expect(vault.state.requests).toEqual([]);
  });

  it('says which role is missing', async () => {
    vault.make('token-signing');
    vault.state.refused = true;
    await expect(openStore().current('token-signing')).rejects.toThrow('Key Vault Secrets User');
  });
});

describe('which versions are in use', () => {
  it('takes none back that was withdrawn, though the version that withdrew it is disabled', async () => {
    const stolen = vault.make('token-signing').version;
    now += second;
    const next = vault.make('token-signing', { tags: withdrawsOlder }).version;
    now += second;
    const last = vault.make('token-signing').version;
    vault.setEnabled('token-signing', next, false);
    const store = openStore();
    expect((await store.versions('token-signing')).map(({ version }) => version)).toEqual([last]);
    expect(await store.version('token-signing', stolen)).toBeUndefined();
  });

  it('reads every page of them, and each value once', async () => {
    vault.state.pageSize = 2;
    const made = Array.from({ length: 5 }, () => {
      now += second;
      return vault.make('token-signing').version;
    });
    const store = openStore();
    const versions = async () => (await store.versions('token-signing')).map(({ version }) => version);
    expect(await versions()).toEqual(made.toReversed());
    const first = vault.state.requests.length;
    expect(first).toBe(3 + 5);
    expect(await versions()).toEqual(made.toReversed());
    expect(vault.state.requests.length - first).toBe(3);
  });

  it('neither signs nor verifies with a disabled one', async () => {
    const good = vault.make('token-signing');
    now += minute;
    const stolen = vault.make('token-signing');
    const { tokens } = host();
    const token = await tokens.sign(claims);
    expect(keyOf(token)).toBe(stolen.version);
    vault.setEnabled('token-signing', stolen.version, false);
    now += minute;
    expect(await tokens.verify(token)).toBeUndefined();
    expect(keyOf(await tokens.sign(claims))).toBe(good.version);
  });

  it('signs with none before its time nor after it, but verifies what was signed in time', async () => {
    const first = vault.make('token-signing', { notAfter: now + day });
    now += minute;
    const next = vault.make('token-signing', { notBefore: now + hour });
    const { tokens } = host();
    const token = await tokens.sign(claims);
    expect(keyOf(token)).toBe(first.version);
    now += hour;
    expect(keyOf(await tokens.sign(claims))).toBe(next.version);
    now += 2 * day;
    expect(keyOf(await tokens.sign(claims))).toBe(next.version);
    expect(await tokens.verify(token)).toMatchObject(claims);
  });

  it.each([
    ['base64', (bytes: Buffer) => bytes.toString('base64')],
    ['base64url', (bytes: Buffer) => bytes.toString('base64url')],
    ['hexadecimal digits', (bytes: Buffer) => bytes.toString('hex')],
  ])('reads 32 bytes as %s', async (_, write) => {
    const bytes = randomBytes(32);
    vault.make('backup', { value: write(bytes) });
    expect(Buffer.from((await openStore().current('backup')).value)).toEqual(bytes);
  });

  it.each(['', 'short', 'correct horse battery staple', 'x'.repeat(64), `${'A'.repeat(44)}=`])(
    'uses the version before one that is no secret, and says so without quoting it: %j',
    async (value) => {
      const good = vault.make('token-signing');
      now += 30 * day;
      const bad = vault.make('token-signing', { value });
      const store = openStore();
      expect((await store.current('token-signing')).version).toBe(good.version);
      expect(lines.join()).toContain(bad.version);
      if (value !== '') expect(lines.join()).not.toContain(value);
      now += 300 * day;
      expect((await store.current('token-signing')).version).toBe(good.version);
    },
  );

  it('names the secret that somebody has to make, and makes none itself', async () => {
    for (const name of secretNames)
      await expect(openStore().current(name)).rejects.toThrow(new RegExp(`the secret ${name} .*Make one`));
    const version = vault.make('handoff', { enabled: false });
    await expect(openStore().current('handoff')).rejects.toThrow('no version of the secret handoff');
    expect(vault.state.requests.filter((request) => !request.startsWith('GET '))).toEqual([]);
    expect(version.attributes.enabled).toBe(false);
  });
});

describe('when the vault is in trouble', () => {
  it('signs and verifies through an outage of hours, and takes up a new version after it', async () => {
    const first = vault.make('token-signing');
    const { tokens, secrets } = host();
    const token = await tokens.sign(claims);
    vault.state.trouble = { kind: 'dead' };
    vault.identity.out = true;
    for (let n = 0; n < 36; n++) {
      now += 10 * minute;
      expect(keyOf(await tokens.sign(claims))).toBe(first.version);
      expect(await tokens.verify(token)).toMatchObject(claims);
      await passing(5);
    }
    const second = vault.make('token-signing');
    vault.state.trouble = undefined;
    vault.identity.out = false;
    await settled(async () => {
      now += minute;
      return (await secrets.current('token-signing')).version === second.version;
    });
    expect(await tokens.verify(token)).toMatchObject(claims);
    expect(lines.filter((line) => line.includes('secret store out'))).toHaveLength(1);
    expect(lines.filter((line) => line.includes('secret store back'))).toHaveLength(1);
  });

  it('waits as long as a throttling vault asks, and then goes on', async () => {
    vault.make('token-signing');
    vault.state.trouble = { kind: 'status', status: 429, retryAfter: 1, times: 2 };
    expect(await openStore().current('token-signing')).toBeDefined();
    expect(vault.state.trouble.times).toBeLessThan(0);
  });

  it.each([
    [429, 1],
    [500, 3],
    [503, 3],
  ])('gives up on %d without a time after %d tries', async (status, tries) => {
    vault.make('token-signing');
    const store = openStore();
    await store.current('token-signing');
    const before = vault.state.arrivals;
    vault.state.trouble = { kind: 'status', status };
    await expect(store.current('token-signing')).rejects.toThrow(SecretsUnavailable);
    expect(vault.state.arrivals - before).toBe(tries);
  });

  it('lets a flood of invented keys cost one look in five seconds, and finds a genuine new one after it', async () => {
    vault.make('token-signing');
    const [here, there] = [host(), host()];
    await here.tokens.sign(claims);
    const [header, payload, signature] = (await there.tokens.sign(claims)).split('.');
    expect(header).toBeDefined();
    const before = vault.state.arrivals;
    for (let n = 0; n < 500; n++) {
      const kid = randomBytes(16).toString('hex');
      const forged = Buffer.from(JSON.stringify({ alg: 'HS256', typ: 'at+jwt', kid })).toString('base64url');
      expect(await here.tokens.verify(`${forged}.${payload}.${signature}`)).toBeUndefined();
      now += 20;
    }
    expect(vault.state.arrivals - before).toBeLessThanOrEqual(2);
    now += 5 * second;
    vault.make('token-signing');
    expect(await here.tokens.verify(await there.tokens.sign(claims))).toMatchObject(claims);
  });

  it('starts cold in an outage with 503, serves again by itself, and tells no value to log or caller', async () => {
    const values = secretNames.map((name) => vault.make(name).value);
    vault.state.trouble = { kind: 'dead' };
    const dataDir = await mkdtemp(join(tmpdir(), 'drawbridge-'));
    const settings = { DATA_DIR: dataDir, KEY_VAULT_URL: vault.url, AZURE_CLIENT_ID: clientId };
    const services = composeServices(readConfiguration(settings), { clock, random: systemRandom, log });
    const ask = () => {
      const request = new HttpRequest({
        method: 'GET',
        url: 'http://localhost/api/shares',
        headers: { authorization: `Bearer ${token}` },
      });
      return answer(() => shareList(services, request, {} as never), problemDocument, services, {
        functionName: 'share-list',
        invocationId: 'one',
      });
    };
    const token = ['{"alg":"HS256","typ":"at+jwt","kid":"x"}', '{}', 'x']
      .map((part) => Buffer.from(part).toString('base64url'))
      .join('.');
    const cold = await ask();
    expect(cold.status).toBe(503);
    expect(cold.headers).toMatchObject({ 'retry-after': '5' });
    vault.state.trouble = undefined;
    now += 2 * second;
    expect((await ask()).status).toBe(401);
    for (const value of values) expect([...lines, JSON.stringify(cold)].join()).not.toContain(value);
    services.sender.close();
    await services.store.close();
    await rm(dataDir, { recursive: true });
  });
});
