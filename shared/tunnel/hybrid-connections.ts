import { request } from 'node:https';
import { second } from '../clock.ts';
import type { Log } from '../log.ts';
import { Problem } from '../problem.ts';

const scope = 'https://management.azure.com/.default';
const apiVersion = '2021-11-01';
const patience = 20 * second;

export interface HybridConnectionsOptions {
  /** Of the relay namespace: `/subscriptions/…/providers/Microsoft.Relay/namespaces/…`. */
  readonly namespaceId: string;
  /** Of the user-assigned managed identity; the system-assigned one when undefined. It may write hybrid connections. */
  readonly clientId: string | undefined;
  readonly log: Log;
  /** Azure Resource Manager; another for tests. */
  readonly manager?: string;
}

/**
 * Makes the hybrid connection of a system in Azure, where there is nothing to listen on before. Creating one again
 * changes nothing, so whoever is not sure asks again.
 *
 * @returns resolves when it is there; throws Problem unavailable
 */
export function azureHybridConnections(options: HybridConnectionsOptions): (name: string) => Promise<void> {
  const made = new Map<string, Promise<void>>();

  async function make(name: string): Promise<void> {
    const { ManagedIdentityCredential } = await import('@azure/identity');
    const { namespaceId, clientId, manager = 'https://management.azure.com' } = options;
    const credential = new ManagedIdentityCredential(clientId === undefined ? {} : { clientId });
    const { token } = await credential.getToken(scope);
    const path = `${namespaceId}/hybridConnections/${encodeURIComponent(name)}?api-version=${apiVersion}`;
    // Senders without a token never reach a listener.
    const status = await put(manager + path, token, { properties: { requiresClientAuthorization: true } });
    if (status !== 200 && status !== 201) throw new Error(`Azure Resource Manager answered ${status}`);
  }

  return async (name) => {
    const known = made.get(name) ?? make(name);
    if (made.size > 10_000) made.clear();
    made.set(name, known);
    await known.catch((error: unknown) => {
      made.delete(name);
      options.log.error('hybrid connection not made', { name, error: String(error) });
      throw new Problem('unavailable', 'The relay is not ready for this system just now.');
    });
  };
}

/** @returns the status of the answer */
function put(url: string, token: string, body: object): Promise<number> {
  const text = JSON.stringify(body);
  return new Promise((resolve, reject) => {
    request(
      url,
      {
        method: 'PUT',
        signal: AbortSignal.timeout(patience),
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          'content-length': String(Buffer.byteLength(text)),
        },
      },
      (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      },
    )
      .on('error', reject)
      .end(text);
  });
}
