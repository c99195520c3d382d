import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority } from './certificate-authority.ts';

/** A certification authority that no machine knows, as companies have them, and a server certificate from it, as PEM files. */
export interface PrivateAuthority {
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  /** Their contents. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  remove(): Promise<void>;
}

export async function makePrivateAuthority(): Promise<PrivateAuthority> {
  const folder = await mkdtemp(join(tmpdir(), 'drawbridge-authority-'));
  const authority = createAuthority();
  const { cert, key } = authority.issue({ names: ['localhost', '127.0.0.1'] });
  const files = {
    caFile: join(folder, 'ca.pem'),
    certFile: join(folder, 'server.pem'),
    keyFile: join(folder, 'server.key'),
  };
  await writeFile(files.caFile, authority.certificate);
  await writeFile(files.certFile, cert);
  await writeFile(files.keyFile, key, { mode: 0o600 });
  return {
    ...files,
    ca: authority.certificate,
    cert,
    key,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
