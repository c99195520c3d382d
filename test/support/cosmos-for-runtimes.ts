import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLoopbackCosmos } from './loopback-cosmos.ts';
import { testAuthority } from './test-authority.ts';

/** Jest's globalSetup: the runtimes that tests start keep their documents in an emulator in this process. */
export default async function cosmosForRuntimes(): Promise<void> {
  const { endpoint, key } = await startLoopbackCosmos();
  const authority = join(await mkdtemp(join(tmpdir(), 'drawbridge-authority-')), 'authority.pem');
  await writeFile(authority, testAuthority);
  Object.assign(process.env, {
    COSMOS_ENDPOINT: endpoint,
    COSMOS_KEY: key,
    NODE_EXTRA_CA_CERTS: authority,
  });
}
