import { randomUUID } from 'node:crypto';
import { silentLog } from '../../shared/log.ts';
import { cosmosDocumentStore } from '../../shared/store/cosmos-document-store.ts';
import { containerNames, type DocumentStore } from '../../shared/store/document-store.ts';
import { systemRandom } from '../../shared/system-clock.ts';
import { startLoopbackCosmos, type LoopbackCosmos } from '../support/loopback-cosmos.ts';
import { documentStoreContract } from './document-store.contract.ts';

const { COSMOS_ENDPOINT: endpoint, COSMOS_KEY: key, COSMOS_DATABASE: database = randomUUID() } = process.env;

if (endpoint === undefined) {
  let cosmos: LoopbackCosmos;
  beforeAll(async () => {
    cosmos = await startLoopbackCosmos();
  });
  afterAll(() => cosmos.close());
  documentStoreContract('Cosmos DB', async () => {
    const fresh = randomUUID();
    return stores(cosmos.open(fresh), cosmos.open(fresh));
  });
} else {
  // Any account: the containers named in cosmos-containers.ts are emptied before each test.
  const open = () =>
    cosmosDocumentStore({
      ...{ endpoint, key, database, clientId: process.env.AZURE_CLIENT_ID },
      ...{ random: systemRandom, log: silentLog },
    });
  documentStoreContract(`Cosmos DB at ${endpoint}`, async () => {
    const store = open();
    for (const container of containerNames)
      for await (const { pk, id } of store.scan(container)) await store.remove(container, pk, id);
    return stores(store, open());
  });
}

async function stores(store: DocumentStore, other: DocumentStore) {
  await store.check();
  return {
    store,
    other,
    dispose: async () => {
      await store.close();
      await other.close();
    },
  };
}
