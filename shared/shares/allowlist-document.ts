import { z } from 'zod';
import { compileAllowlist, type CompiledAllowlist } from '../allowlist/compile.ts';
import { allowlistSchema, type Allowlist } from '../allowlist/rule.ts';
import { sha256, type ShareId } from '../identifier.ts';
import { identifier } from '../store/document-fields.ts';
import type { Collection } from '../store/collection.ts';
import { ignoreExisting } from '../organizations/organization.ts';

/** The allowlist of a share, apart from it: the share is read on every request, this once a host. */
export interface AllowlistDocument {
  /** Hash of the content. */
  readonly id: string;
  readonly pk: ShareId;
  readonly schemaVersion: 1;
  readonly allowlist: Allowlist;
}

export const allowlistDocumentSchema: z.ZodType<AllowlistDocument> = z.object({
  id: z.string(),
  pk: identifier<ShareId>(),
  schemaVersion: z.literal(1),
  allowlist: allowlistSchema,
});

const mostCached = 500;

/** Stores allowlists and keeps the compiled ones of the shares in use. */
export function createAllowlists(documents: Collection<AllowlistDocument>) {
  const compiled = new Map<string, CompiledAllowlist>();
  return {
    async write(shareId: ShareId, allowlist: Allowlist): Promise<string> {
      const id = sha256(JSON.stringify(allowlist));
      await documents.create({ id, pk: shareId, schemaVersion: 1, allowlist }).catch(ignoreExisting);
      return id;
    },

    async read(shareId: ShareId, id: string): Promise<Allowlist | undefined> {
      return (await documents.read(shareId, id))?.document.allowlist;
    },

    async compiled(shareId: ShareId, id: string): Promise<CompiledAllowlist | undefined> {
      const key = `${shareId} ${id}`;
      const cached = compiled.get(key);
      if (cached) {
        compiled.delete(key);
        compiled.set(key, cached);
        return cached;
      }
      const stored = await documents.read(shareId, id);
      if (!stored) return undefined;
      const fresh = compileAllowlist(stored.document.allowlist);
      compiled.set(key, fresh);
      const [oldest] = compiled.keys();
      if (compiled.size > mostCached && oldest !== undefined) compiled.delete(oldest);
      return fresh;
    },

    /** Forgets the others of a share. One that was just replaced may still be looked for. */
    async keepOnly(shareId: ShareId, ids: readonly (string | undefined)[]): Promise<void> {
      const { items } = await documents.query({ partition: shareId, limit: 100 });
      const gone = items.map(({ document }) => document.id).filter((id) => !ids.includes(id));
      await Promise.all(gone.map((id) => documents.remove(shareId, id)));
    },
  };
}

export type Allowlists = ReturnType<typeof createAllowlists>;
