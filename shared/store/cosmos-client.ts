import type { CosmosClient, Database } from '@azure/cosmos';
import { second } from '../clock.ts';
import { cosmosContainers } from './cosmos-containers.ts';

export interface CosmosAccount {
  readonly endpoint: string;
  readonly database: string;
  /** Of an emulator; without it the managed identity signs in. */
  readonly key: string | undefined;
  /** Of the user-assigned managed identity; the system-assigned one when undefined. */
  readonly clientId: string | undefined;
}

/** The SDK alone would try for half a minute and longer. Throttled requests wait as long as they are told. */
const connectionPolicy = {
  requestTimeout: 5 * second,
  retryOptions: { maxRetryAttemptCount: 9, maxWaitTimeInSeconds: 5 },
  // Single-use keys and several write regions do not mix.
  useMultipleWriteLocations: false,
};

/** A client of the account, loaded when it is first wanted. */
export async function cosmosClient({ endpoint, key, clientId }: CosmosAccount): Promise<CosmosClient> {
  const { CosmosClient } = await import('@azure/cosmos');
  if (key !== undefined) return new CosmosClient({ endpoint, key, connectionPolicy });
  const { ManagedIdentityCredential } = await import('@azure/identity');
  const aadCredentials = new ManagedIdentityCredential(clientId === undefined ? {} : { clientId });
  return new CosmosClient({ endpoint, aadCredentials, connectionPolicy });
}

/** Makes database and containers in an emulator. In Azure the deployment does: the identity may not. */
export async function prepareEmulator(client: CosmosClient, name: string): Promise<Database> {
  const { database } = await client.databases.createIfNotExists({ id: name });
  for (const { id, partitionKey, indexingPolicy } of cosmosContainers) {
    // Azure serves the opposite order from the same index; emulators may not.
    const opposite = indexingPolicy.compositeIndexes.map((index) =>
      index.map(({ path }) => ({ path, order: 'descending' as const })),
    );
    await database.containers.createIfNotExists({
      id,
      partitionKey: { ...partitionKey },
      indexingPolicy: {
        ...indexingPolicy,
        compositeIndexes: [...indexingPolicy.compositeIndexes, ...opposite],
      },
    });
  }
  return database;
}
