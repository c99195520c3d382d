import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { systemCodeOf } from '../gateway-error.ts';
import { makePrivateFolder, removeFile, writeAtomically } from './atomic-file.ts';

const pendingApprovalSchema = z.object({
  service: z.string(),
  deviceCode: z.string().min(1),
  userCode: z.string().min(1),
  verificationUri: z.string(),
  verificationUriComplete: z.string(),
  /** Milliseconds since 1970 by this machine's clock. */
  expiresAt: z.number().int(),
  /** Seconds between polls, RFC 8628 section 3.2. */
  interval: z.number().positive(),
});

/** A device grant that waits for somebody's approval in the portal. */
export type PendingApproval = z.infer<typeof pendingApprovalSchema>;

/** Keeps the grant on disk, so that another process can show it and a restart goes on polling. */
export interface PendingApprovalStore {
  read(): Promise<PendingApproval | undefined>;
  write(pending: PendingApproval): Promise<void>;
  remove(): Promise<void>;
}

export function pendingApprovalFile(folder: string): PendingApprovalStore {
  const path = join(folder, 'approval.json');
  return {
    async read() {
      try {
        const parsed = pendingApprovalSchema.safeParse(JSON.parse(await readFile(path, 'utf8')));
        return parsed.success ? parsed.data : undefined;
      } catch (error) {
        if (systemCodeOf(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
        throw error;
      }
    },
    async write(pending) {
      await makePrivateFolder(folder);
      await writeAtomically(path, `${JSON.stringify(pending, null, 2)}\n`);
    },
    remove: () => removeFile(path),
  };
}
