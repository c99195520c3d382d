import { z } from 'zod';
import { callPattern } from '../allowlist/admit-call.ts';
import type { RawRequest } from '../allowlist/request.ts';
import { day, instant, minute, type Clock, type Instant } from '../clock.ts';
import { sha256, type ShareId } from '../identifier.ts';
import { ignoreExisting } from '../organizations/organization.ts';
import { identifier, instantSchema } from '../store/document-fields.ts';
import type { Collection } from '../store/collection.ts';

/** A call that a share refused, as its owner sees it. */
export interface RefusedCall {
  /** Hash of what it asked for; times apart. */
  readonly id: string;
  /** Who refused it: the cloud, or the gateway after it. */
  readonly by: 'service' | 'gateway';
  readonly method: string;
  readonly target: string;
  readonly contentType?: string | undefined;
  /** UTF-8. */
  readonly body?: string | undefined;
  /** False where too long to be kept, not to be read in one way, or carrying a password: nobody can admit it. */
  readonly admissible: boolean;
  readonly nearestRule?: string | undefined;
  readonly difference: string;
  readonly firstAt: Instant;
  /** Of the call kept here. */
  readonly lastAt: Instant;
  /** Repetitions within a minute count once. */
  readonly times: number;
}

/** The refused calls of one share, in one document: bounded in number, in size and in time. */
export interface RefusedCalls {
  readonly id: ShareId;
  readonly pk: ShareId;
  readonly schemaVersion: 1;
  readonly calls: readonly RefusedCall[];
  readonly expiresAt: Instant;
}

export const refusedCallSchema = z.object({
  id: z.string(),
  by: z.enum(['service', 'gateway']),
  method: z.string(),
  target: z.string(),
  contentType: z.string().optional(),
  body: z.string().optional(),
  admissible: z.boolean(),
  nearestRule: z.string().optional(),
  difference: z.string(),
  firstAt: instantSchema,
  lastAt: instantSchema,
  times: z.number().int(),
});

export const refusedCallsSchema: z.ZodType<RefusedCalls> = z.object({
  id: identifier<ShareId>(),
  pk: identifier<ShareId>(),
  schemaVersion: z.literal(1),
  calls: z.array(refusedCallSchema),
  expiresAt: instantSchema,
});

const most = 50;
const longestTarget = 2000;
const longestBody = 8192;
const lifetime = 30 * day;

/** What a tunnel hands in. */
export interface Refusal {
  readonly by: RefusedCall['by'];
  readonly nearestRule?: string | undefined;
  readonly difference: string;
}

/** The call as the allowlist judges it. */
export const requestOf = ({ method, target, contentType, body }: RefusedCall): RawRequest => ({
  method,
  target,
  contentType,
  body: body === undefined ? undefined : Buffer.from(body, 'utf8'),
});

/** Keeps what shares refused, so that their owners can read why and admit it. */
export function createRefusedCalls({
  documents,
  clock,
}: {
  documents: Collection<RefusedCalls>;
  clock: Clock;
}) {
  const now = () => instant(clock.now());

  function entryOf(request: RawRequest, refusal: Refusal): RefusedCall {
    const { method, target } = request;
    const body = request.body === undefined || request.body.length === 0 ? undefined : request.body;
    const fits = target.length <= longestTarget && (body === undefined || body.length <= longestBody);
    const pattern = fits ? callPattern(request, clock.now()) : undefined;
    const kept = {
      method: method.slice(0, 20),
      // What nobody can admit may hold a password: where it led to is enough.
      target: pattern === undefined ? (target.split('?')[0] ?? '').slice(0, longestTarget) : target,
      ...(request.contentType !== undefined && { contentType: request.contentType.slice(0, 200) }),
    };
    return {
      ...kept,
      ...(body !== undefined && pattern !== undefined && { body: Buffer.from(body).toString('utf8') }),
      // Never a word that a command line would take for a flag.
      id: `c${sha256(`${refusal.by} ${pattern ?? JSON.stringify(kept)}`).slice(0, 21)}`,
      by: refusal.by,
      admissible: pattern !== undefined,
      nearestRule: refusal.nearestRule,
      difference: refusal.difference.slice(0, 1000),
      firstAt: now(),
      lastAt: now(),
      times: 1,
    };
  }

  const fresh = (calls: readonly RefusedCall[]) =>
    calls.filter(({ lastAt }) => Date.parse(lastAt) > clock.now() - lifetime);

  return {
    /** Keeps a refused call; the same again, a minute later or more, only counts. */
    async note(shareId: ShareId, request: RawRequest, refusal: Refusal): Promise<void> {
      const entry = entryOf(request, refusal);
      const expiresAt = instant(clock.now() + lifetime);
      const document = { id: shareId, pk: shareId, schemaVersion: 1, calls: [entry], expiresAt } as const;
      const updated = await documents.update(shareId, shareId, (current) => {
        const known = current.calls.find(({ id }) => id === entry.id);
        if (known && Date.parse(entry.lastAt) - Date.parse(known.lastAt) < minute) return undefined;
        const merged = known ? { ...entry, firstAt: known.firstAt, times: known.times + 1 } : entry;
        const others = fresh(current.calls).filter(({ id }) => id !== entry.id);
        return { ...current, calls: [merged, ...keepMostTelling(others)], expiresAt };
      });
      if (!updated) await documents.create(document).catch(ignoreExisting);
    },

    /** Newest first. */
    async of(shareId: ShareId): Promise<readonly RefusedCall[]> {
      const stored = await documents.read(shareId);
      return fresh(stored?.document.calls ?? []).toSorted((a, b) => (a.lastAt < b.lastAt ? 1 : -1));
    },

    /** Takes out those that hold no longer. @returns them */
    async settle(
      shareId: ShareId,
      isSettled: (call: RefusedCall) => boolean,
    ): Promise<readonly RefusedCall[]> {
      let settled: readonly RefusedCall[] = [];
      await documents.update(shareId, shareId, (current) => {
        settled = fresh(current.calls).filter(isSettled);
        if (settled.length === 0) return undefined;
        return { ...current, calls: current.calls.filter((call) => !settled.includes(call)) };
      });
      return settled;
    },

    forget: (shareId: ShareId) => documents.remove(shareId, shareId),
  };
}

export type RefusedCallStore = ReturnType<typeof createRefusedCalls>;

/** A viewer who tries one thing after the other must not drive out what comes again and again. */
const keepMostTelling = (calls: readonly RefusedCall[]): readonly RefusedCall[] =>
  calls.toSorted((a, b) => b.times - a.times || (a.lastAt < b.lastAt ? 1 : -1)).slice(0, most - 1);
