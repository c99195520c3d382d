import { createCipheriv, createDecipheriv, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { canonicalJson } from '../audit/canonical-json.ts';
import type { Random } from '../clock.ts';
import type { SecretStore } from '../secrets/secret-store.ts';
import { BackupUnusable } from './backup-unusable.ts';
import type { Manifest } from './manifest.ts';

/** The key of one backup: 32 random bytes that only the secret `backup` can unwrap. */
export interface BackupKey {
  /** A key for one file alone. */
  fileKey(name: string): Uint8Array;
  mac(manifest: Omit<Manifest, 'mac'>): string;
  readonly wrapped: Manifest['key'];
}

export interface BackupKeyDependencies {
  readonly secrets: SecretStore;
  readonly random: Random;
}

export async function newBackupKey(
  id: string,
  { secrets, random }: BackupKeyDependencies,
): Promise<BackupKey> {
  const secret = await secrets.current('backup');
  const key = random.bytes(32);
  const iv = random.bytes(12);
  const cipher = createCipheriv('aes-256-gcm', wrappingKey(secret.value), iv).setAAD(Buffer.from(id));
  const wrapped = Buffer.concat([iv, cipher.update(key), cipher.final(), cipher.getAuthTag()]);
  return backupKey(id, key, { secretVersion: secret.version, wrapped: wrapped.toString('base64url') });
}

/**
 * The key of a backup made earlier, once its manifest has proved to be the one written then.
 *
 * @throws BackupUnusable key-missing when the secret's version is gone; damaged when the manifest was changed
 */
export async function openBackupKey(manifest: Manifest, secrets: SecretStore): Promise<BackupKey> {
  const { id } = manifest;
  const key = await unwrapBackupKey(id, manifest.key, secrets);
  const { mac, ...rest } = manifest;
  if (!timingSafeEqual(Buffer.from(mac, 'hex'), Buffer.from(key.mac(rest), 'hex')))
    throw new BackupUnusable('damaged', `The manifest of ${id} was changed after it was written.`);
  return key;
}

/** @throws BackupUnusable key-missing when the secret's version is gone; damaged when it does not open */
export async function unwrapBackupKey(
  id: string,
  wrapped: Manifest['key'],
  secrets: SecretStore,
): Promise<BackupKey> {
  const secret = await secrets.version('backup', wrapped.secretVersion);
  if (secret === undefined)
    throw new BackupUnusable(
      'key-missing',
      `${id} is sealed with a version of the backup secret that is not here.`,
    );
  return backupKey(id, unwrap(id, secret.value, wrapped.wrapped), wrapped);
}

function backupKey(id: string, key: Uint8Array, wrapped: Manifest['key']): BackupKey {
  return {
    wrapped,
    fileKey: (name) => derive(key, `file ${id} ${name}`),
    mac: (manifest) =>
      createHmac('sha256', derive(key, 'manifest')).update(canonicalJson(manifest)).digest('hex'),
  };
}

function unwrap(id: string, secret: Uint8Array, wrapped: string): Uint8Array {
  const bytes = Buffer.from(wrapped, 'base64url');
  try {
    const decipher = createDecipheriv('aes-256-gcm', wrappingKey(secret), bytes.subarray(0, 12), {
      authTagLength: 16,
    });
    decipher.setAAD(Buffer.from(id)).setAuthTag(bytes.subarray(-16));
    return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]);
  } catch {
    throw new BackupUnusable('damaged', `The key of ${id} does not open with the backup secret.`);
  }
}

const wrappingKey = (secret: Uint8Array) => derive(secret, 'wrap');

const derive = (key: Uint8Array, purpose: string) =>
  new Uint8Array(hkdfSync('sha256', key, '', `drawbridge backup ${purpose}`, 32));
