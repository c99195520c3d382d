import type { OrganizationId } from '../identifier.ts';
import { organizationSchema } from '../organizations/organization.ts';
import { openBackup, type BackupSource } from './backup-read.ts';
import { BackupUnusable } from './backup-unusable.ts';

/** The organization of a short name, as a backup has it. @throws BackupUnusable */
export async function organizationIn(
  id: string,
  source: BackupSource,
  slug: string,
): Promise<OrganizationId> {
  const backup = await openBackup(id, source);
  for await (const document of backup.documents('organizations')) {
    const { data } = organizationSchema.safeParse(document);
    if (data?.slug === slug) return data.id;
  }
  throw new BackupUnusable('missing', `${id} holds no organization ${slug}.`);
}
