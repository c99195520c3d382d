import { randomUUID } from 'node:crypto';
import { startLoopbackCosmos, type LoopbackCosmos } from '../support/loopback-cosmos.ts';
import { documentStoreContract } from './document-store.contract.ts';

let cosmos: LoopbackCosmos;
beforeAll(async () => {
  cosmos = await startLoopbackCosmos();
});
afterAll(() => cosmos.close());

documentStoreContract('Cosmos DB', async () => {
  const database = randomUUID();
  const [store, other] = [cosmos.open(database), cosmos.open(database)];
  await store.check();
  return {
    store,
    other,
    dispose: async () => {
      await store.close();
      await other.close();
    },
  };
});
