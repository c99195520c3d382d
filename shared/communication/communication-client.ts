import { second } from '../clock.ts';

/** The SDKs wait for a Retry-After themselves; other failures are tried again this often. */
export const retryOptions = { maxRetries: 2, retryDelayInMs: 200, maxRetryDelayInMs: second };

/** For one message: what takes longer waits for the next round of whoever sends. */
export const longestSending = 20 * second;

/** The managed identity that may send. @param clientId the system-assigned one when undefined */
export async function managedIdentity(clientId: string | undefined) {
  const { ManagedIdentityCredential } = await import('@azure/identity');
  return new ManagedIdentityCredential({ ...(clientId !== undefined && { clientId }), retryOptions });
}

export interface CommunicationOptions {
  /** `COMMUNICATION_ENDPOINT`, such as `https://NAME.communication.azure.com`. */
  readonly endpoint: string;
  /** Of the user-assigned managed identity; the system-assigned one when undefined. */
  readonly clientId: string | undefined;
}
