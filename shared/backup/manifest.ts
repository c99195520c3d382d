import { z } from 'zod';
import { instantSchema } from '../store/document-fields.ts';
import { containerNames } from '../store/document-store.ts';

/** What a whole backup holds. Written last: a backup without it is not one. */
export const manifestSchema = z.strictObject({
  format: z.literal('drawbridge-backup'),
  formatVersion: z.literal(1),
  id: z.string(),
  startedAt: instantSchema,
  finishedAt: instantSchema,
  files: z.array(
    z.strictObject({
      container: z.enum(containerNames),
      name: z.string(),
      documents: z.number().int().min(0),
      bytes: z.number().int().min(0),
      /** Of the compressed file, in hex. */
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
    }),
  ),
});

export type Manifest = z.infer<typeof manifestSchema>;

export const manifestName = (id: string) => `${id}/manifest.json`;
