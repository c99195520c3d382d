import { Readable } from 'node:stream';
import { z } from 'zod';
import { BlobMissing, type BlobFolder } from '../blobs/blob-folder.ts';
import { instantSchema } from '../store/document-fields.ts';

const drillReportSchema = z.object({
  at: instantSchema,
  passed: z.boolean(),
  /** Which backup was restored; absent when there was none. */
  backup: z.exactOptional(z.string()),
  /** Age of the newest backup then: what would have been lost. */
  rpoSeconds: z.exactOptional(z.number()),
  /** How long it took to verify and restore it. */
  rtoSeconds: z.exactOptional(z.number()),
  /** Documents compared. */
  documents: z.exactOptional(z.number().int()),
});

export type DrillReport = z.infer<typeof drillReportSchema>;

const name = 'drill/last.json';

export const writeLastDrill = (blobs: BlobFolder, report: DrillReport): Promise<void> =>
  blobs.write(name, Readable.from([Buffer.from(JSON.stringify(report))]));

/** What the last drill found; undefined when there was none, or when it cannot be read. */
export async function readLastDrill(blobs: BlobFolder): Promise<DrillReport | undefined> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of blobs.read(name)) chunks.push(chunk);
    return drillReportSchema.safeParse(JSON.parse(Buffer.concat(chunks).toString())).data;
  } catch (error) {
    if (error instanceof BlobMissing || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
