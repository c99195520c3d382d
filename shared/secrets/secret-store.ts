import type { Instant } from '../clock.ts';

/** Every secret of the service. */
export const secretNames = [
  'token-signing',
  'refresh-key-mac',
  'relay-listen-key',
  'relay-send-key',
  'handoff',
  'second-factor',
  'backup',
] as const;

export type SecretName = (typeof secretNames)[number];

export interface Secret {
  /** Names this value among those the secret has had; fit for a JWT's `kid`. */
  readonly version: string;
  /** 32 bytes. */
  readonly value: Uint8Array;
  readonly createdAt: Instant;
}

/** Secrets with their former versions, so that what was made with a former one can still be checked. */
export interface SecretStore {
  /**
   * The version to make new things with.
   *
   * @param look `fresh` asks for what the store says now, where it can be asked; otherwise it may be a minute old
   */
  current(name: SecretName, look?: 'fresh'): Promise<Secret>;
  version(name: SecretName, version: string): Promise<Secret | undefined>;
  /** Every version in use (see `versionsInUse`), the current one first. */
  versions(name: SecretName): Promise<readonly Secret[]>;
}

/** The secrets cannot be had now, or are not what they should be. */
export class SecretsUnavailable extends Error {
  override name = 'SecretsUnavailable';
}
