import { z } from 'zod';
import { serviceAudit } from '../audit/audit-log.ts';
import { tellingShape, type Telling, type UntoldEvents } from '../audit/untold-events.ts';
import type { Instant } from '../clock.ts';
import type { Log } from '../log.ts';
import { instantSchema } from '../store/document-fields.ts';
import type { Collection } from '../store/collection.ts';
import { DocumentExists } from '../store/document-store.ts';
import { secretNames, SecretsUnavailable, type SecretName, type SecretStore } from './secret-store.ts';

/** Which version of a secret makes new things, as was last seen; never its value. */
export interface SecretVersion extends Telling {
  readonly id: SecretName;
  readonly pk: SecretName;
  readonly schemaVersion: 1;
  readonly version: string;
  /** When the version was made. */
  readonly createdAt: Instant;
}

export const secretVersionSchema: z.ZodType<SecretVersion> = z.object({
  id: z.enum(secretNames),
  pk: z.enum(secretNames),
  schemaVersion: z.literal(1),
  version: z.string(),
  createdAt: instantSchema,
  ...tellingShape,
});

export interface RotationNoticeDependencies {
  readonly secrets: SecretStore;
  readonly versions: Collection<SecretVersion>;
  readonly untold: UntoldEvents<SecretVersion>;
  /** Those that this service works with. */
  readonly names: readonly SecretName[];
  readonly log: Log;
}

/** Secrets are rotated in the vault and nowhere else, so the service looks whether they were. */
export function createRotationNotice({ secrets, versions, untold, names, log }: RotationNoticeDependencies) {
  async function note(id: SecretName): Promise<void> {
    const { version, createdAt } = await secrets.current(id, 'fresh');
    const known = await versions.read(id);
    const seen: SecretVersion = { id, pk: id, schemaVersion: 1, version, createdAt };
    if (!known) {
      // The first look tells nothing.
      await versions.create(seen).catch((error: unknown) => {
        if (!(error instanceof DocumentExists)) throw error;
      });
      return;
    }
    if (known.document.version === version) return;
    await untold.change(seen, (current) =>
      current.version === version
        ? undefined
        : {
            document: { ...current, version, createdAt },
            events: [
              {
                organizationId: serviceAudit,
                actor: { kind: 'service', id: 'secrets' },
                action: 'key.rotated',
                subject: { kind: 'secret', id },
                details: { version, before: current.version },
              },
            ],
          },
    );
  }

  return {
    /** For the expiry timer: tells the audit of secrets that were rotated since the last look, each once. */
    async look(): Promise<void> {
      for (const name of names)
        await note(name).catch((error: unknown) => {
          if (!(error instanceof SecretsUnavailable)) throw error;
          log.warn('secret not looked at', { name, error: error.message });
        });
    },
  };
}
