import { z } from 'zod';
import { instant, minute, type Clock, type Instant, type Random } from '../clock.ts';
import type { Collection } from '../store/collection.ts';
import type { Document } from '../store/document-store.ts';
import { instantSchema } from '../store/document-fields.ts';
import { auditEntrySchema } from './audit-entry.ts';
import type { AuditEvent, AuditLog } from './audit-log.ts';

/** An event in the document that it is about, written with it, until the audit has it: a host may die between. */
export interface UntoldEvent {
  /** Of the entry that it becomes, by which who finishes the telling finds it. */
  readonly key: string;
  readonly at: Instant;
  readonly event: AuditEvent;
}

/** What a document that tells of its changes holds beside the rest. */
export interface Telling {
  readonly untold?: readonly UntoldEvent[] | undefined;
  /** Moment of the oldest of them, for the expiry timer to find it by. */
  readonly untoldSince?: Instant | undefined;
}

export const tellingShape = {
  untold: z
    .array(
      z.object({
        key: z.string(),
        at: instantSchema,
        event: auditEntrySchema
          .pick({ actor: true, action: true, subject: true, details: true })
          .extend({ organizationId: z.string() }),
      }),
    )
    .optional(),
  untoldSince: instantSchema.optional(),
};

const withUntold = <T extends Telling>(document: T, untold: readonly UntoldEvent[]): T => ({
  ...document,
  untold: untold.length === 0 ? undefined : untold,
  untoldSince: untold.map(({ at }) => at).sort()[0],
});

/** A changed document, and what the audit is to be told of the change. */
export interface Told<T> {
  readonly document: T;
  readonly events: readonly AuditEvent[];
}

const mostRemembered = 1000;

export interface UntoldEventsDependencies<T extends Document & Telling> {
  readonly documents: Collection<T>;
  readonly audit: Pick<AuditLog, 'append' | 'appendOnce'>;
  readonly clock: Clock;
  readonly random: Random;
}

/** Tells the audit of what documents hold for it, each event once. */
export function createUntoldEvents<T extends Document & Telling>(deps: UntoldEventsDependencies<T>) {
  const { documents, audit, clock, random } = deps;
  /** By key, so that two requests of this host do not tell the same twice. */
  const underWay = new Map<string, Promise<unknown>>();

  function once(key: string, append: () => Promise<unknown>): Promise<unknown> {
    const known = underWay.get(key);
    if (known !== undefined) return known;
    const appending = append();
    underWay.set(key, appending);
    appending.catch(() => underWay.delete(key));
    const [oldest] = underWay.keys();
    if (underWay.size > mostRemembered && oldest !== undefined) underWay.delete(oldest);
    return appending;
  }

  async function settle({ pk, id }: Document, told: readonly UntoldEvent[]): Promise<void> {
    const keys = new Set(told.map(({ key }) => key));
    await documents.update(pk, id, (current) => {
      const left = (current.untold ?? []).filter(({ key }) => !keys.has(key));
      return left.length === current.untold?.length ? undefined : withUntold(current, left);
    });
  }

  async function finish(document: T): Promise<void> {
    const { untold = [] } = document;
    if (untold.length === 0) return;
    for (const { event, key, at } of untold) await once(key, () => audit.appendOnce(event, key, at));
    await settle(document, untold);
  }

  const marked = ({ document, events }: Told<T>): { document: T; added: UntoldEvent[] } => {
    const added = events.map((event) => ({
      key: Buffer.from(random.bytes(12)).toString('base64url'),
      at: instant(clock.now()),
      event,
    }));
    return { document: withUntold(document, [...(document.untold ?? []), ...added]), added };
  };

  async function tell(document: Document, events: readonly UntoldEvent[]): Promise<void> {
    if (events.length === 0) return;
    for (const { event, key } of events) await once(key, () => audit.append(event, key));
    await settle(document, events);
  }

  return {
    /**
     * Changes a document, and tells of it: the audit has it once this resolves, or else soon after.
     * @param change as in `Collection.update`
     * @param between what else follows from the change, before the audit hears of it
     * @returns the document as it is now stored; undefined when there is none
     * @throws DocumentChanged and whatever `change` throws
     */
    async change(
      { pk, id }: Document,
      change: (current: T) => Told<T> | undefined,
      between?: () => Promise<unknown>,
    ): Promise<T | undefined> {
      let added: readonly UntoldEvent[] | undefined;
      const written = await documents.update(pk, id, (current) => {
        const told = change(current);
        const next = told && marked(told);
        added = next?.added;
        return next?.document;
      });
      if (added === undefined) return written;
      await between?.();
      await tell({ pk, id }, added);
      return written;
    },

    /**
     * Makes a document that tells of itself, unless it is there.
     * @returns the one that is there, and the way to tell of it if it is this one
     * @throws DocumentExists
     */
    async create(told: Told<T>): Promise<{ tell: () => Promise<void> }> {
      const { document, added } = marked(told);
      await documents.create(document);
      return { tell: () => tell(document, added) };
    },

    /** What the host that wrote the document may have died before. */
    finish,

    /** For the expiry timer: the same for documents that wait for a minute or more. @returns how many */
    async finishAll(limit: number): Promise<number> {
      const { items } = await documents.query({
        where: [['untoldSince', '<=', instant(clock.now() - minute)]],
        orderBy: ['untoldSince', 'asc'],
        limit,
      });
      for (const { document } of items) await finish(document);
      return items.length;
    },
  };
}

export type UntoldEvents<T extends Document & Telling> = ReturnType<typeof createUntoldEvents<T>>;
