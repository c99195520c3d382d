import type { SecretClient } from '@azure/keyvault-secrets';
import { second } from '../clock.ts';

/** Both SDKs wait for a Retry-After in a 429 or 503 themselves; other failures are tried again this often. */
const retryOptions = { maxRetries: 2, retryDelayInMs: 200, maxRetryDelayInMs: second };

/**
 * A client of a vault that signs in as the managed identity. The token goes to nobody but a host below the domain
 * that the vault's challenge names: the SDK checks that.
 */
export async function keyVaultClient(vaultUrl: string, clientId: string | undefined): Promise<SecretClient> {
  const [{ ManagedIdentityCredential }, { SecretClient }] = await Promise.all([
    import('@azure/identity'),
    import('@azure/keyvault-secrets'),
  ]);
  const credential = new ManagedIdentityCredential({
    ...(clientId !== undefined && { clientId }),
    retryOptions,
  });
  return new SecretClient(vaultUrl, credential, { retryOptions });
}
