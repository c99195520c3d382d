import { z } from 'zod';
import { instant, type Clock, type Instant } from '../clock.ts';
import { sha256 } from '../identifier.ts';
import { Problem } from '../problem.ts';
import { instantSchema } from '../store/document-fields.ts';
import type { Collection } from '../store/collection.ts';
import { DocumentExists } from '../store/document-store.ts';

/** Counts what one party did in one window of time. */
export interface ThrottleCount {
  readonly id: string;
  readonly pk: string;
  readonly schemaVersion: 1;
  readonly count: number;
  readonly expiresAt: Instant;
}

export const throttleSchema: z.ZodType<ThrottleCount> = z.object({
  id: z.string(),
  pk: z.string(),
  schemaVersion: z.literal(1),
  count: z.number().int(),
  expiresAt: instantSchema,
});

export interface Limit {
  readonly count: number;
  /** Milliseconds. */
  readonly window: number;
}

/** Bounds how often one party may do one thing (OWASP ASVS 2.2.1). Survives restarts and counts over all hosts. */
export function createThrottle({ counts, clock }: { counts: Collection<ThrottleCount>; clock: Clock }) {
  return {
    /**
     * @param key what is counted, such as `sign-in:203.0.113.7`; only its hash is stored
     * @throws Problem too-many-requests, with the seconds to wait
     */
    async take(key: string, limit: Limit): Promise<void> {
      const now = clock.now();
      const window = Math.floor(now / limit.window);
      const id = sha256(`${key} ${limit.window} ${window}`);
      const expires = (window + 1) * limit.window;
      try {
        await counts.create({ id, pk: id, schemaVersion: 1, count: 1, expiresAt: instant(expires) });
        return;
      } catch (error) {
        if (!(error instanceof DocumentExists)) throw error;
      }
      await counts.update(id, id, (current) => {
        if (current.count >= limit.count) {
          throw new Problem('too-many-requests', 'Too many attempts. Please wait a little and try again.', {
            retryAfter: Math.max(1, Math.ceil((expires - now) / 1000)),
          });
        }
        return { ...current, count: current.count + 1 };
      });
    },
  };
}

export type Throttle = ReturnType<typeof createThrottle>;
