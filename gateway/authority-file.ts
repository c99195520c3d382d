import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { GatewayError, systemCodeOf } from './gateway-error.ts';

/**
 * Reads the certificates of an own authority, PEM.
 * @throws GatewayError `config`
 */
export async function readAuthority(file: string): Promise<string> {
  let pem: string;
  try {
    pem = await readFile(file, 'utf8');
  } catch (error) {
    const why = systemCodeOf(error) ?? 'unknown fault';
    throw new GatewayError('config', `caFile: ${file} cannot be read: ${why}.`);
  }
  try {
    new X509Certificate(pem);
  } catch {
    throw new GatewayError('config', `caFile: ${file} holds no certificate in PEM.`);
  }
  return pem;
}
