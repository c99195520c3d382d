import type { SecretClient, SecretProperties } from '@azure/keyvault-secrets';
import { instant, second, type Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { keyVaultClient } from './key-vault-client.ts';
import { readSecretText } from './secret-text.ts';
import { SecretsUnavailable, type Secret, type SecretName, type SecretStore } from './secret-store.ts';
import { versionsInUse, type DatedVersion } from './version-use.ts';

export interface KeyVaultSecretStoreOptions {
  /** Origin of the vault, https. */
  readonly vaultUrl: string;
  /** Of the user-assigned managed identity; the system-assigned one when undefined. */
  readonly clientId: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** Milliseconds after which a look has failed, retries and Retry-After included. */
const patience = 10 * second;

/** Tags of a version that takes all older ones out of use. */
export const withdrawsOlder = { withdraws: 'older' } as const;

interface ListedVersion extends DatedVersion {
  readonly version: string;
}

/**
 * Secrets of a Key Vault, read with the managed identity of the service, which may read and nothing else. A
 * secret's name there is its name here, its versions are the vault's. Wants a cache in front (`cachedSecrets`).
 *
 * Disabling a version takes it out of use; its dates say when it makes new things (see `versionsInUse`),
 * and a tag takes out what is older.
 */
export function keyVaultSecretStore({
  vaultUrl,
  clientId,
  clock,
  log,
}: KeyVaultSecretStoreOptions): SecretStore {
  /** Values never change, so each is read once; undefined is what was put there and is no secret of ours. */
  const values = new Map<SecretName, Map<string, Uint8Array | undefined>>();
  let client: Promise<SecretClient> | undefined;

  async function list(name: SecretName, vault: SecretClient, abortSignal: AbortSignal) {
    const listed: ListedVersion[] = [];
    let withdrawal: { at: number; version: string | undefined } | undefined;
    for await (const properties of vault.listPropertiesOfSecretVersions(name, { abortSignal })) {
      const version = listedVersion(properties);
      if (version !== undefined) listed.push(version);
      // Also where the version that says so was disabled since: what it took out does not come back.
      const at = properties.createdOn?.getTime() ?? 0;
      if (properties.tags?.withdraws === withdrawsOlder.withdraws && at >= (withdrawal?.at ?? 0))
        withdrawal = { at, version: properties.version };
    }
    // The vault's times are whole seconds; every host must break a tie alike.
    const trusted = ({ createdAt, version }: ListedVersion) =>
      withdrawal === undefined || version === withdrawal.version || Date.parse(createdAt) > withdrawal.at;
    return listed.filter(trusted).sort((a, b) => (a.version < b.version ? 1 : -1));
  }

  async function look(name: SecretName, abortSignal: AbortSignal): Promise<readonly Secret[]> {
    client ??= keyVaultClient(vaultUrl, clientId);
    const vault = await client;
    const listed = await list(name, vault, abortSignal);
    const known = values.get(name) ?? new Map<string, Uint8Array | undefined>();
    const readable = () => listed.filter(({ version }) => !known.has(version) || known.get(version));
    const unread = () =>
      versionsInUse(name, readable(), clock.now()).filter(({ version }) => !known.has(version));
    // What turns out to be no secret is replaced by the one before it.
    for (let missing = unread(); missing.length > 0; missing = unread()) {
      const read = missing.map(async ({ version }) => {
        const { value } = await vault.getSecret(name, { version, abortSignal });
        const bytes = readSecretText(value ?? '');
        known.set(version, bytes);
        if (bytes === undefined) log.error('no secret of 32 bytes, so not used', { name, version });
      });
      await Promise.all(read);
    }
    const secrets = versionsInUse(name, readable(), clock.now()).flatMap(({ version, createdAt }) => {
      const value = known.get(version);
      return value === undefined ? [] : [{ version, value, createdAt }];
    });
    for (const version of known.keys())
      if (!listed.some((each) => each.version === version)) known.delete(version);
    values.set(name, known);
    return secrets;
  }

  async function versions(name: SecretName): Promise<readonly Secret[]> {
    const secrets = await inTime(name, look(name, AbortSignal.timeout(patience)));
    if (secrets.length === 0) throw new SecretsUnavailable(missing(name));
    return secrets;
  }

  const current = ([first]: readonly Secret[]): Secret => {
    if (first === undefined) throw new Error('A secret has at least one version.');
    return first;
  };

  return {
    versions,
    current: async (name) => current(await versions(name)),
    version: async (name, version) => (await versions(name)).find((secret) => secret.version === version),
  };
}

/** The SDK's identity client takes no signal, so the wait itself is bounded too. */
async function inTime<T>(name: SecretName, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new SecretsUnavailable('Key Vault did not answer in time.')), patience);
  });
  try {
    return await Promise.race([work, tooLate]);
  } catch (error) {
    throw error instanceof SecretsUnavailable ? error : new SecretsUnavailable(reason(name, error));
  } finally {
    clearTimeout(timer);
  }
}

const missing = (name: SecretName) =>
  `Key Vault has no version of the secret ${name} that is enabled and whose time has come. ` +
  `Make one: 32 random bytes as base64, under the name ${name}.`;

/** Words for the log. Never the SDK's own, nor the error as a cause: both may quote what the vault sent. */
function reason(name: SecretName, error: unknown): string {
  const { kind, statusCode, code } = facts(error);
  switch (statusCode) {
    case 401:
      return 'Key Vault does not accept the token of the managed identity (401).';
    case 403:
      return 'Key Vault refuses (403): give the managed identity the role "Key Vault Secrets User", and let this network in.';
    case 404:
      return missing(name);
    case 429:
      return 'Key Vault throttles (429).';
    case undefined:
      return `Key Vault or the managed identity cannot be reached (${code ?? kind ?? 'unknown'}).`;
    default:
      return `Key Vault answers ${statusCode}.`;
  }
}

/** Not instanceof: the SDK is loaded on first use. */
function facts(error: unknown): { kind?: string; statusCode?: number; code?: string } {
  if (typeof error !== 'object' || error === null) return {};
  return {
    ...('name' in error && typeof error.name === 'string' && { kind: error.name }),
    ...('statusCode' in error && typeof error.statusCode === 'number' && { statusCode: error.statusCode }),
    ...('code' in error && typeof error.code === 'string' && { code: error.code }),
  };
}

function listedVersion({
  version,
  enabled,
  createdOn,
  notBefore,
  expiresOn,
}: SecretProperties): ListedVersion | undefined {
  if (version === undefined || createdOn === undefined || enabled !== true) return undefined;
  return {
    version,
    createdAt: instant(createdOn.getTime()),
    notBefore: notBefore?.getTime(),
    notAfter: expiresOn?.getTime(),
  };
}
