import { Readable } from 'node:stream';
import type { ContainerClient } from '@azure/storage-blob';
import { instant } from '../clock.ts';
import { BlobMissing, checkBlobName, type BlobFolder } from './blob-folder.ts';

const mebibyte = 1024 * 1024;
/** At most two parts of a blob wait in memory, so that a backup costs the same however large it is. */
const upload = { part: 4 * mebibyte, atOnce: 2 } as const;

/** A container of Azure Blob Storage, as the managed identity. @param url such as `https://NAME.blob.core.windows.net/backups` */
export function managedContainer(url: string, clientId: string | undefined): () => Promise<ContainerClient> {
  let made: Promise<ContainerClient> | undefined;
  const make = async () => {
    const [{ ManagedIdentityCredential }, { ContainerClient }] = await Promise.all([
      import('@azure/identity'),
      import('@azure/storage-blob'),
    ]);
    const credential = new ManagedIdentityCredential(clientId === undefined ? {} : { clientId });
    return new ContainerClient(url, credential, { retryOptions: { maxTries: 4, tryTimeoutInMs: 60_000 } });
  };
  return () => (made ??= make());
}

/**
 * Blobs in one container of Azure Blob Storage. A blob's parts become a blob in one last step (Put Block List), so an
 * interrupted write leaves nothing that could be read; Azure forgets such parts after a week.
 */
export function azureBlobs(container: () => Promise<ContainerClient>): BlobFolder {
  const blobAt = async (name: string) => (await container()).getBlockBlobClient(name);

  return {
    async write(name, chunks) {
      checkBlobName(name);
      // The SDK's upload does not end when its source fails, unless it is told to.
      const failing = new AbortController();
      const source = Readable.from(buffersOf(chunks), { objectMode: false });
      const broken = new Promise<never>((_, reject) => {
        source.once('error', (error) => {
          reject(error);
          failing.abort();
        });
      });
      const blob = await blobAt(name);
      const stored = blob.uploadStream(source, upload.part, upload.atOnce, { abortSignal: failing.signal });
      await Promise.race([
        broken,
        stored.catch((error: unknown) => (failing.signal.aborted ? broken : Promise.reject(error as Error))),
      ]);
    },

    async *read(name) {
      checkBlobName(name);
      const blob = await blobAt(name);
      try {
        const { readableStreamBody } = await blob.download(0, undefined, { maxRetryRequests: 5 });
        if (readableStreamBody) for await (const chunk of readableStreamBody) yield bytesOf(chunk);
      } catch (error) {
        throw isMissing(error) ? new BlobMissing('There is no such blob.', { cause: error }) : error;
      }
    },

    async *list(prefix) {
      for await (const { name, properties } of (await container()).listBlobsFlat({ prefix })) {
        yield {
          name,
          bytes: properties.contentLength ?? 0,
          modifiedAt: instant(properties.lastModified.getTime()),
        };
      }
    },

    async folders() {
      const found: string[] = [];
      for await (const entry of (await container()).listBlobsByHierarchy('/')) {
        if (entry.kind === 'prefix') found.push(entry.name.slice(0, -1));
      }
      return found.sort();
    },

    remove(name) {
      checkBlobName(name);
      return blobAt(name).then(async (blob) => void (await blob.deleteIfExists()));
    },

    removeFolder(folder) {
      checkBlobName(folder);
      return container().then(async (client) => {
        for await (const { name } of client.listBlobsFlat({ prefix: `${folder}/` })) {
          await client.getBlockBlobClient(name).deleteIfExists();
        }
      });
    },
  };
}

async function* buffersOf(chunks: AsyncIterable<Uint8Array>) {
  for await (const chunk of chunks) yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

const bytesOf = (chunk: string | Buffer): Uint8Array =>
  typeof chunk === 'string' ? Buffer.from(chunk) : chunk;

const isMissing = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'statusCode' in error && error.statusCode === 404;
