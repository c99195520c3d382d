import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLoopbackCosmos } from './loopback-cosmos.ts';
import { testAuthority } from './test-authority.ts';

/**
 * Jest's globalSetup: the runtimes that tests start keep their documents in an emulator in this process.
 * `cosmos-teardown.ts` ends it, or Jest would never exit.
 */
export default async function cosmosForRuntimes(): Promise<void> {
  const { endpoint, key, close } = await startLoopbackCosmos();
  const folder = await mkdtemp(join(tmpdir(), 'drawbridge-authority-'));
  const authority = join(folder, 'authority.pem');
  Object.assign(globalThis, {
    endCosmosForRuntimes: async () => {
      await close();
      await rm(folder, { recursive: true });
    },
  });
  await writeFile(authority, testAuthority);
  Object.assign(process.env, {
    COSMOS_ENDPOINT: endpoint,
    COSMOS_KEY: key,
    NODE_EXTRA_CA_CERTS: authority,
  });
}
