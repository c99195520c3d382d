import { setTimeout } from 'node:timers/promises';
import { instant, minute, type Clock, type Instant, type Random } from '../clock.ts';
import { collection } from '../store/collection.ts';
import { DocumentExists, type DocumentStore, type Page } from '../store/document-store.ts';
import { InvalidContinuation } from '../store/store-errors.ts';
import { turns } from '../store/turns.ts';
import type { AuditAction } from './audit-actions.ts';
import { isPrunedThrough, prunedThrough } from './audit-pruned.ts';
import {
  auditEntrySchema,
  auditHash,
  firstPrevious,
  sequenceId,
  sequenceOf,
  type AuditEntry,
} from './audit-entry.ts';

/** The organization of events that belong to none. */
export const serviceAudit = 'service';

export interface AuditActor {
  readonly kind: AuditEntry['actor']['kind'];
  readonly id: string;
  readonly label?: string | undefined;
}

export interface AuditSubject {
  readonly kind: string;
  readonly id: string;
  readonly label?: string | undefined;
  /** Of a share, so that what happened to it is found by its system too. */
  readonly systemId?: string | undefined;
}

export interface AuditEvent {
  /** An organization, or `serviceAudit`. */
  readonly organizationId: string;
  readonly actor: AuditActor;
  readonly action: AuditAction;
  readonly subject?: AuditSubject | undefined;
  /** May name people, since it is their organization's record; never a secret. */
  readonly details?: Readonly<Record<string, string | number | boolean>> | undefined;
}

export interface AuditFilter {
  /** An action, or what actions begin with: `share.` finds everything about shares. */
  readonly action?: string;
  /** Who: an id, or part of a name or address, whatever its letter case. */
  readonly actor?: string;
  /** What it happened to: an id, also of the system that a share is of, or part of a name. */
  readonly subject?: string;
  /** Inclusive. */
  readonly from?: Instant;
  /** Exclusive. */
  readonly to?: Instant;
}

export interface AuditListOptions extends AuditFilter {
  /** 1 to 1000 */
  readonly limit: number;
  readonly continuation?: string;
}

export interface AuditLog {
  /**
   * Adds an event at the end of its organization's chain. It is there, for good, once this resolves.
   * @param key of the entry; a random one unless given
   */
  append(event: AuditEvent, key?: string): Promise<AuditEntry>;
  /**
   * The same for an event that may be there, under its key, since `since`: for who finishes what a crash cut off. The
   * entry says when it happened.
   */
  appendOnce(event: AuditEvent, key: string, since: Instant): Promise<void>;
  /**
   * Newest first. A page may hold fewer entries than asked for, or none, and still have a continuation:
   * one call looks at 2000 entries at the most.
   */
  list(organizationId: string, options: AuditListOptions): Promise<Page<AuditEntry>>;
  /** Oldest first, for export and verification. */
  all(organizationId: string): AsyncIterable<AuditEntry>;
  /**
   * Removes entries older than `before` from the front, at most so many. An entry `audit.pruned` is written first,
   * which names the last one to go, so that what stays still verifies; a crash half way leaves a chain that does.
   * @returns how many went
   */
  prune(organizationId: string, before: Instant, most: number): Promise<number>;
  /** Organizations with entries older than `before`; a look at a thousand of those. */
  withEntriesBefore(before: Instant): Promise<readonly string[]>;
}

export interface AuditLogDependencies {
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly random: Random;
}

interface Head {
  readonly sequence: number;
  readonly hash: string;
}

const appendAttempts = 200;
const longestPause = 50;
const longestText = 32_000;
const lookedAtOnce = 2000;
/** By how much the clocks of two hosts may differ. */
const clockTolerance = 10 * minute;

/** The append-only record of who did what, hash-chained per organization. */
export function createAuditLog({ store, clock, random }: AuditLogDependencies): AuditLog {
  const entries = collection(store, 'audit', auditEntrySchema);
  const heads = new Map<string, Head>();
  const inTurn = turns();

  async function readHead(organizationId: string): Promise<Head> {
    const page = await entries.query({ partition: organizationId, orderBy: ['id', 'desc'], limit: 1 });
    const newest = page.items[0]?.document;
    return newest === undefined
      ? { sequence: 0, hash: firstPrevious }
      : { sequence: sequenceOf(newest), hash: newest.hash };
  }

  async function appendInTurn(
    { organizationId, details, ...event }: AuditEvent,
    key: string,
  ): Promise<AuditEntry> {
    for (let attempt = 1; ; attempt++) {
      const head = heads.get(organizationId) ?? (await readHead(organizationId));
      const unsealed = {
        ...event,
        id: sequenceId(head.sequence + 1),
        pk: organizationId,
        schemaVersion: 1 as const,
        key,
        at: instant(clock.now()),
        ...(details && { details: storable(details) }),
        previous: head.hash,
      };
      // Only what comes back from JSON as it went in may be hashed.
      const hashed = { ...unsealed, hash: auditHash(unsealed) };
      const entry = auditEntrySchema.parse(JSON.parse(JSON.stringify(hashed)));
      try {
        await entries.create(entry);
        heads.set(organizationId, { sequence: head.sequence + 1, hash: entry.hash });
        return entry;
      } catch (error) {
        // Whatever happened, the end of the chain may be elsewhere now.
        heads.delete(organizationId);
        if (!(error instanceof DocumentExists)) throw error;
        const taken = await entries.read(organizationId, entry.id);
        // Our own, then: it was written although the reply to an earlier attempt got lost.
        if (taken?.document.key === key) return taken.document;
        if (attempt === appendAttempts) throw error;
        await setTimeout(((random.bytes(1)[0] ?? 0) / 255) * Math.min(longestPause, 2 * attempt));
      }
    }
  }

  async function isAnnounced(organizationId: string, last: AuditEntry): Promise<boolean> {
    const where = [['action', '=', 'audit.pruned'] as const];
    const { items } = await entries.query({ partition: organizationId, where, limit: 1000 });
    return items.some(({ document }) => isPrunedThrough(document, last));
  }

  async function isThere(organizationId: string, key: string, since: Instant): Promise<boolean> {
    const from = instant(Date.parse(since) - clockTolerance);
    let below: string | undefined;
    for (;;) {
      const page = await entries.query({
        partition: organizationId,
        where: [['at', '>=', from], ...(below === undefined ? [] : [['id', '<', below] as const])],
        orderBy: ['id', 'desc'],
        limit: 1000,
      });
      if (page.items.some(({ document }) => document.key === key)) return true;
      below = page.items.at(-1)?.document.id;
      if (page.continuation === undefined) return false;
    }
  }

  const newKey = () => Buffer.from(random.bytes(12)).toString('base64url');

  const log: AuditLog = {
    append: (event, key = newKey()) => inTurn(event.organizationId, () => appendInTurn(event, key)),

    async appendOnce(event, key, since) {
      await inTurn(event.organizationId, async () => {
        if (await isThere(event.organizationId, key, since)) return;
        await appendInTurn({ ...event, details: { ...event.details, happenedAt: since } }, key);
      });
    },

    async list(organizationId, { limit, continuation, ...filter }) {
      const matches = matcher(filter);
      const found: AuditEntry[] = [];
      let below = continuation === undefined ? undefined : readPlace(continuation);
      for (let lookedAt = 0; lookedAt < lookedAtOnce;) {
        const size = Math.min(1000, Math.max(limit, 200));
        const page = await entries.query({
          partition: organizationId,
          where: [
            ...(below === undefined ? [] : [['id', '<', below] as const]),
            ...(filter.from === undefined ? [] : [['at', '>=', filter.from] as const]),
            ...(filter.to === undefined ? [] : [['at', '<', filter.to] as const]),
          ],
          orderBy: ['id', 'desc'],
          limit: size,
        });
        for (const { document } of page.items) {
          // One more than asked for shows that another page is worth asking for.
          if (found.length === limit) return { items: found, continuation: writePlace(below ?? '') };
          if (matches(document)) found.push(document);
          below = document.id;
        }
        if (page.continuation === undefined) return { items: found };
        lookedAt += page.items.length;
      }
      return { items: found, ...(below !== undefined && { continuation: writePlace(below) }) };
    },

    async *all(organizationId) {
      let above = '';
      for (;;) {
        const where = [['id', '>', above] as const];
        const page = await entries.query({ partition: organizationId, where, limit: 500 });
        for (const { document } of page.items) {
          yield document;
          above = document.id;
        }
        if (page.continuation === undefined) return;
      }
    },

    async prune(organizationId, before, most) {
      const limit = Math.min(1000, most);
      const { items } = await entries.query({ partition: organizationId, limit });
      const kept = items.findIndex(({ document: { at } }) => at >= before);
      const old = items.slice(0, kept === -1 ? items.length : kept).map(({ document }) => document);
      const last = old.at(-1);
      if (last === undefined) return 0;
      // A run that died, or one beside this one, may have said so already.
      if (!(await isAnnounced(organizationId, last))) {
        await log.append({
          organizationId,
          actor: { kind: 'service', id: 'expiry' },
          action: 'audit.pruned',
          details: prunedThrough(last),
        });
      }
      // From the front, so that what stays has no gap whenever this ends.
      for (const { id } of old) await entries.remove(organizationId, id);
      return old.length;
    },

    async withEntriesBefore(before) {
      const where = [['at', '<', before] as const];
      const { items } = await entries.query({ where, orderBy: ['at', 'asc'], limit: 1000 });
      return [...new Set(items.map(({ document }) => document.pk))];
    },
  };
  return log;
}

const matcher = ({ action, actor, subject }: AuditFilter): ((entry: AuditEntry) => boolean) => {
  const who = actor?.toLowerCase();
  const what = subject?.toLowerCase();
  return (entry) =>
    (action === undefined || entry.action.startsWith(action)) &&
    (who === undefined || names(entry.actor, who)) &&
    (what === undefined ||
      (entry.subject !== undefined && names(entry.subject, what)) ||
      entry.subject?.systemId === what);
};

const names = ({ id, label }: { id: string; label?: string | undefined }, wanted: string): boolean =>
  id.toLowerCase() === wanted || (label?.toLowerCase().includes(wanted) ?? false);

/** JSON knows no NaN, and a text without bounds could make an entry too large to store. */
function storable(details: Readonly<Record<string, string | number | boolean>>) {
  return Object.fromEntries(
    Object.entries(details).map(([given, value]) => {
      // A name that objects treat differently would be lost on reading, and the hash would no longer fit.
      const name = given === '__proto__' ? '(__proto__)' : given;
      if (typeof value === 'number' && !Number.isFinite(value)) return [name, String(value)];
      if (typeof value === 'string' && value.length > longestText)
        return [name, `${value.slice(0, longestText)}…`];
      return [name, value];
    }),
  );
}

const writePlace = (id: string): string => Buffer.from(id).toString('base64url');

function readPlace(continuation: string): string {
  const id = Buffer.from(continuation, 'base64url').toString();
  if (!/^\d{12}$/.test(id) || writePlace(id) !== continuation)
    throw new InvalidContinuation('The continuation was not given out for this list.');
  return id;
}
