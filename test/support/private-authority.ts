import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A certification authority that no machine knows, as companies have them, and a server certificate from it. */
export interface PrivateAuthority {
  /** PEM files. */
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  /** Their contents. */
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
  remove(): Promise<void>;
}

/** @param names of the server; this machine's own by default */
export async function makePrivateAuthority(
  names = 'DNS:localhost,DNS:*.localhost,IP:127.0.0.1',
): Promise<PrivateAuthority> {
  const folder = await mkdtemp(join(tmpdir(), 'drawbridge-authority-'));
  const at = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => run('openssl', args, { cwd: folder });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  await openssl(
    ...['req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2'],
    ...['-subj', '/CN=Drawbridge test authority', '-addext', 'keyUsage=critical,keyCertSign,cRLSign'],
  );
  await openssl('req', ...newKey, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=relay');
  await writeFile(
    at('server.ext'),
    `subjectAltName=${names}\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n`,
  );
  await openssl(
    ...['x509', '-req', '-in', 'server.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial'],
    ...['-days', '2', '-extfile', 'server.ext', '-out', 'server.pem'],
  );
  return {
    caFile: at('ca.pem'),
    certFile: at('server.pem'),
    keyFile: at('server.key'),
    ca: await readFile(at('ca.pem')),
    cert: await readFile(at('server.pem')),
    key: await readFile(at('server.key')),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
