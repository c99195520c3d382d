import { auditEntrySchema } from '../audit/audit-entry.ts';
import { instant, type Clock, type Instant } from '../clock.ts';
import type { OrganizationId } from '../identifier.ts';
import {
  containerNames,
  DocumentChanged,
  DocumentExists,
  type ContainerName,
  type Document,
  type DocumentStore,
  type Etag,
} from '../store/document-store.ts';
import { openBackup, type BackupSource, type OpenBackup } from './backup-read.ts';
import { BackupUnusable } from './backup-unusable.ts';
import type { Manifest } from './manifest.ts';
import { noneKnown, type LastKnown } from './journal-read.ts';
import { placeInChain } from './restore-chain.ts';
import { restorePolicies, type RestoreContext, type RestorePolicy } from './restore-policy.ts';

/** What became, or would become, of the documents of one container. */
export interface ContainerOutcome {
  /** In the backup, and of what is restored. */
  readonly documents: number;
  /** Live and sound, so left as they are. */
  readonly kept: number;
  /** Missing ones that come back; where they hang on others, at the most. */
  readonly missing: number;
  /** Damaged ones that are replaced. */
  readonly damaged: number;
  /** Stay in the backup: revoked or deleted since, or of a kind that is never restored. */
  readonly leftOut: number;
  /** Were damaged when the backup was made. */
  readonly unreadable: number;
}

export interface RestoreOutcome {
  readonly manifest: Manifest;
  readonly containers: Readonly<Partial<Record<ContainerName, ContainerOutcome>>>;
  /** Organizations whose live audit chain went another way than the backup's; theirs was left alone. */
  readonly forkedChains: readonly string[];
}

export interface RestoreOptions {
  readonly from: string;
  readonly source: BackupSource;
  readonly into: DocumentStore;
  readonly clock: Clock;
  /** Restores one organization alone, without the accounts of its members. */
  readonly organization?: OrganizationId | undefined;
  /** What is known of documents since the backup, from the journal. */
  readonly lastKnown?: LastKnown | undefined;
  /** Called about every thousand documents and at the end of a container. */
  readonly progress?: ((container: ContainerName, documents: number, of: number) => void) | undefined;
}

/**
 * Reads and authenticates the whole backup, and says what restoring it would change. Changes nothing.
 * @throws BackupUnusable
 */
export async function planRestore(options: RestoreOptions): Promise<RestoreOutcome> {
  return walk(options, new Set(), true);
}

/**
 * Restores, after the whole backup was read, so that one that cannot be used changes nothing. What is live and sound
 * stays, so an interrupted restore is resumed by starting it again.
 * @param plan as `planRestore` made it of the same options just before; made here otherwise
 * @throws BackupUnusable
 */
export async function restore(options: RestoreOptions, plan?: RestoreOutcome): Promise<RestoreOutcome> {
  const { forkedChains } = plan ?? (await planRestore(options));
  return walk(options, new Set(forkedChains), false);
}

interface Write {
  readonly kind: 'write';
  readonly document: Document;
  readonly etag: Etag | undefined;
}

type Decision =
  | Write
  | { readonly kind: 'kept' }
  | { readonly kind: 'left-out' }
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'elsewhere' };

async function walk(
  options: RestoreOptions,
  forked: Set<string>,
  planning: boolean,
): Promise<RestoreOutcome> {
  const backup = await openBackup(options.from, options.source);
  const decide = decider(options, backup.manifest.startedAt, forked, planning);
  const containers: Partial<Record<ContainerName, ContainerOutcome>> = {};
  for (const container of containerNames)
    containers[container] = await walkContainer(container, backup, options, decide, planning);
  return { manifest: backup.manifest, containers, forkedChains: [...forked] };
}

async function walkContainer(
  container: ContainerName,
  backup: OpenBackup,
  { into, progress }: RestoreOptions,
  decide: (container: ContainerName, document: Document) => Promise<Decision>,
  planning: boolean,
): Promise<ContainerOutcome> {
  const of = backup.manifest.files.find((file) => file.container === container)?.documents ?? 0;
  const count = { documents: 0, kept: 0, missing: 0, damaged: 0, leftOut: 0, unreadable: 0 };
  async function restoreOne(document: Document): Promise<void> {
    const decision = await decide(container, document);
    if (decision.kind === 'elsewhere') return;
    count.documents++;
    if (decision.kind === 'left-out') count.leftOut++;
    else if (decision.kind === 'unreadable') count.unreadable++;
    else if (decision.kind === 'kept') count.kept++;
    else if (!planning && !(await put(into, container, decision))) count.kept++;
    else if (decision.etag === undefined) count.missing++;
    else count.damaged++;
  }
  let read = 0;
  for await (const batch of batches(backup.documents(container), atOnce)) {
    await Promise.all(batch.map(restoreOne));
    const before = read;
    read += batch.length;
    if (Math.floor(before / told) < Math.floor(read / told)) progress?.(container, read, of);
  }
  if (of > 0) progress?.(container, read, of);
  return count;
}

/** What waits for a remote store waits for many at once. */
const atOnce = 32;
/** How many documents between two words of progress. */
const told = 1000;

async function* batches<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let batch: T[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** @returns false when somebody wrote it meanwhile: theirs stays */
async function put(
  into: DocumentStore,
  container: ContainerName,
  { document, etag }: Write,
): Promise<boolean> {
  try {
    if (etag === undefined) await into.create(container, document);
    else await into.replace(container, document, etag);
    return true;
  } catch (error) {
    if (error instanceof DocumentExists || error instanceof DocumentChanged) return false;
    throw error;
  }
}

function decider(options: RestoreOptions, takenAt: Instant, forked: Set<string>, planning: boolean) {
  const { into, clock, organization, lastKnown = noneKnown } = options;
  // Shares of the one organization; what hangs on them comes after them.
  const shares = new Set<string>();
  const context: RestoreContext = {
    now: instant(clock.now()),
    takenAt,
    planning,
    async live(container, pk) {
      const there = (await into.read(container, pk, pk))?.document;
      if (there !== undefined || !planning) return there;
      // It is not written yet; but what the journal tells of it is known.
      const unnoted = { id: pk, pk };
      const noted = lastKnown(container, unnoted);
      return noted === unnoted ? undefined : noted;
    },
  };

  function isAsked(container: ContainerName, policy: RestorePolicy, document: Document): boolean {
    if (organization === undefined) return true;
    if (policy.kind === 'chain') return document.pk === organization;
    const owner = policy.kind === 'lost' ? policy.belongsTo(document) : undefined;
    const own = owner === organization;
    if (own && container === 'shares') shares.add(document.id);
    return own || (owner !== undefined && shares.has(owner));
  }

  async function decideEntry(document: Document): Promise<Decision> {
    if (forked.has(document.pk)) return { kind: 'left-out' };
    const place = await placeInChain(into, document);
    if (place.kind === 'forked' && planning) forked.add(document.pk);
    if (place.kind === 'sound') return { kind: 'kept' };
    if (place.kind === 'invalid') return { kind: 'unreadable' };
    if (place.kind === 'forked') return { kind: 'left-out' };
    return { kind: 'write', document: auditEntrySchema.parse(place.entry), etag: place.etag };
  }

  return async (container: ContainerName, document: Document): Promise<Decision> => {
    const policy = restorePolicies[container];
    if (!isAsked(container, policy, document)) return { kind: 'elsewhere' };
    if (policy.kind === 'never') return { kind: 'left-out' };
    if (policy.kind === 'chain') return decideEntry(document);
    if (!policy.isSound(document)) {
      refuseNewer(container, document);
      return { kind: 'unreadable' };
    }
    const live = await into.read(container, document.pk, document.id);
    if (live && policy.isSound(live.document)) return { kind: 'kept' };
    const newest = lastKnown(container, document);
    const back = newest && (await policy.back(newest, context));
    return back ? { kind: 'write', document: back, etag: live?.etag } : { kind: 'left-out' };
  };
}

/** A document that this program does not understand, since a later one wrote it. */
function refuseNewer(container: ContainerName, document: Document): void {
  if ('schemaVersion' in document && Number(document.schemaVersion) > 1)
    throw new BackupUnusable('newer', `It holds ${container} that a newer version of this service wrote.`);
}
