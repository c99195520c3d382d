import type { Instant } from '../clock.ts';

/** The secrets of the service, each made on first use. */
export const secretNames = [
  'token-signing',
  'refresh-key-mac',
  'relay-listen-key',
  'relay-send-key',
  'handoff',
  'backup',
] as const;
export type SecretName = (typeof secretNames)[number];

export interface Secret {
  readonly version: string;
  /** 32 bytes. */
  readonly value: Uint8Array;
  readonly createdAt: Instant;
}

/** Versioned secrets. Rotation adds a version; the older ones stay for verifying what they signed. */
export interface SecretStore {
  /** The newest version. */
  current(name: SecretName): Promise<Secret>;
  version(name: SecretName, version: string): Promise<Secret | undefined>;
  /** Newest first. */
  versions(name: SecretName): Promise<readonly Secret[]>;
}
