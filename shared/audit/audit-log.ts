import { instant, type Clock, type Instant, type Random } from '../clock.ts';
import { collection } from '../store/collection.ts';
import { DocumentExists, type DocumentStore, type Page, type Query } from '../store/document-store.ts';
import type { AuditAction } from './audit-actions.ts';
import {
  auditEntrySchema,
  chainStart,
  seal,
  type AuditActor,
  type AuditEntry,
  type AuditSubject,
} from './audit-entry.ts';

export type { AuditActor, AuditEntry, AuditSubject } from './audit-entry.ts';

export interface AuditEvent {
  /** `service` for what concerns no organization. */
  readonly organizationId: string;
  readonly actor: AuditActor;
  readonly action: AuditAction;
  readonly subject?: AuditSubject;
  readonly details?: Readonly<Record<string, string | number | boolean>>;
}

export interface AuditFilter {
  /** 1 to 200. */
  readonly limit: number;
  readonly continuation?: string;
  readonly action?: string;
  readonly from?: Instant;
  readonly to?: Instant;
}

interface Head {
  readonly sequence: number;
  readonly hash: string;
}

// Each try loses to another writer that succeeded, so this many writers at the same instant are served.
const attempts = 200;

const idOf = (sequence: number) => String(sequence).padStart(12, '0');

/** The audit trail: append-only, one hash chain an organization, however many processes write. */
export function createAuditLog({
  store,
  clock,
  random,
}: {
  store: DocumentStore;
  clock: Clock;
  random: Random;
}) {
  const entries = collection(store, 'audit', auditEntrySchema);
  const heads = new Map<string, Head>();

  async function newest(organizationId: string): Promise<Head> {
    const { items } = await entries.query({ partition: organizationId, orderBy: ['id', 'desc'], limit: 1 });
    const [found] = items;
    return found
      ? { sequence: Number(found.document.id), hash: found.document.hash }
      : { sequence: 0, hash: chainStart };
  }

  return {
    /** Writes one entry at the end of its chain. Rejects only when the store does. */
    async append({ organizationId, actor, action, subject, details = {} }: AuditEvent): Promise<void> {
      let head = heads.get(organizationId) ?? (await newest(organizationId));
      for (let attempt = 0; attempt < attempts; attempt++) {
        const entry = seal({
          id: idOf(head.sequence + 1),
          pk: organizationId,
          schemaVersion: 1,
          at: instant(clock.now()),
          actor,
          action,
          subject,
          details,
          previous: head.hash,
        });
        try {
          // The place in the chain is the document's id: of two writers, one finds it taken.
          await entries.create(entry);
          heads.set(organizationId, { sequence: head.sequence + 1, hash: entry.hash });
          return;
        } catch (error) {
          if (!(error instanceof DocumentExists)) throw error;
        }
        if (attempt > 2) await jitter(random, attempt);
        head = await newest(organizationId);
      }
      throw new Error('The audit trail is written by too many at once.');
    },

    /** Newest first. */
    async list(organizationId: string, filter: AuditFilter): Promise<Page<AuditEntry>> {
      const where: [string, '=' | '>=' | '<=', string][] = [];
      if (filter.action !== undefined) where.push(['action', '=', filter.action]);
      if (filter.from !== undefined) where.push(['at', '>=', filter.from]);
      if (filter.to !== undefined) where.push(['at', '<=', filter.to]);
      const query: Query = {
        partition: organizationId,
        where,
        orderBy: ['id', 'desc'],
        limit: filter.limit,
        ...(filter.continuation !== undefined && { continuation: filter.continuation }),
      };
      const page = await entries.query(query);
      return {
        items: page.items.map(({ document }) => document),
        ...(page.continuation !== undefined && { continuation: page.continuation }),
      };
    },
  };
}

export type AuditLog = ReturnType<typeof createAuditLog>;

const jitter = (random: Random, attempt: number) =>
  new Promise((resolve) =>
    setTimeout(resolve, ((random.bytes(1)[0] ?? 0) / 255) * Math.min(50, attempt * 2)),
  );
