import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlobServiceClient } from '@azure/storage-blob';
import { freePort } from '../../local/free-port.ts';
import { eventually } from '../../local/rehearsal/runtime.ts';
import { azureBlobs } from '../../shared/blobs/azure-blobs.ts';
import { blobFolderContract, bytes, namesOf } from '../contract/blob-folder.contract.ts';
import { installPinned } from './pinned-packages.ts';

/** The account that every Azurite has, with the key that Microsoft publishes for it. */
const account = 'devstoreaccount1';
const key = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

let service: BlobServiceClient;
let azurite: ChildProcess;
let folder: string;
let made = 0;

beforeAll(async () => {
  const program = join(await installPinned('azurite'), 'node_modules/.bin/azurite-blob');
  folder = await mkdtemp(join(tmpdir(), 'drawbridge-azurite-'));
  const port = await freePort();
  azurite = spawn(
    process.execPath,
    [
      program,
      ...['--location', folder, '--blobHost', '127.0.0.1', '--blobPort', String(port)],
      ...['--disableTelemetry', '--skipApiVersionCheck', '--silent'],
    ],
    { stdio: 'ignore' },
  );
  service = BlobServiceClient.fromConnectionString(
    `DefaultEndpointsProtocol=http;AccountName=${account};AccountKey=${key};BlobEndpoint=http://127.0.0.1:${port}/${account};`,
  );
  await eventually(async () => (await service.getProperties().catch(() => undefined)) !== undefined, 60);
}, 300_000);

afterAll(async () => {
  const gone = once(azurite, 'exit');
  azurite.kill('SIGKILL');
  await gone;
  await rm(folder, { recursive: true, force: true });
});

const newContainer = async () => {
  const container = service.getContainerClient(`backups-${(made += 1)}`);
  await container.create();
  return container;
};

blobFolderContract('Azure Blob Storage', async () => {
  const container = await newContainer();
  return azureBlobs(async () => container);
});

it('removes a folder of many', async () => {
  const container = await newContainer();
  const blobs = azureBlobs(async () => container);
  const names = Array.from({ length: 24 }, (_, at) => `a/${String(at).padStart(2, '0')}`);
  for (const name of names) await blobs.write(name, bytes('x'));
  expect(await namesOf(blobs)).toEqual(names);
  await blobs.removeFolder('a');
  expect(await namesOf(blobs)).toEqual([]);
});
