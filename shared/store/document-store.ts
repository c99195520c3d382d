/** Changes with every write; opaque. */
export type Etag = string & { readonly __brand: 'Etag' };

/** What every stored document has. The rest is the business of the module that owns the container. */
export interface Document {
  readonly id: string;
  /** Partition key. Documents of one partition live together; point reads name it. */
  readonly pk: string;
}

export interface Versioned<T> {
  readonly document: T;
  readonly etag: Etag;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Opaque; hand it back to get the next page. Absent on the last page. */
  readonly continuation?: string;
}

export type Comparison = '=' | '<' | '<=' | '>' | '>=';

export interface Query {
  /** Restricts the query to one partition. Without it every partition is searched. */
  readonly partition?: string;
  /** All must hold. Fields are top-level members that the container declares as indexed, or `id`. */
  readonly where?: readonly (readonly [field: string, comparison: Comparison, value: string | number])[];
  /** One indexed field, or `id` (the default, ascending). */
  readonly orderBy?: readonly [field: string, direction: 'asc' | 'desc'];
  /** 1 to 1000. */
  readonly limit: number;
  readonly continuation?: string;
}

/** A create found a document with that partition and id. */
export class DocumentExists extends Error {
  override name = 'DocumentExists';
}

/** A conditional write found another ETag, or no document. */
export class DocumentChanged extends Error {
  override name = 'DocumentChanged';
}

/**
 * JSON documents in containers. The only consistency there is to build on: one document is read and
 * written atomically, and a write can be made conditional on the ETag that was read. So every invariant
 * lives inside one document. Documents are at most 2 MB as JSON.
 */
export interface DocumentStore {
  /** Point read. */
  read<T extends Document>(
    container: ContainerName,
    pk: string,
    id: string,
  ): Promise<Versioned<T> | undefined>;
  /** @throws DocumentExists */
  create(container: ContainerName, document: Document): Promise<Etag>;
  /** @throws DocumentChanged */
  replace(container: ContainerName, document: Document, etag: Etag): Promise<Etag>;
  /**
   * Deletes; without an ETag, deleting what is not there is no error.
   * @throws DocumentChanged
   */
  remove(container: ContainerName, pk: string, id: string, etag?: Etag): Promise<void>;
  query<T extends Document>(container: ContainerName, query: Query): Promise<Page<Versioned<T>>>;
  /** Every document of a container, streamed, in no promised order. A document written meanwhile may be missed. */
  scan(container: ContainerName): AsyncIterable<Document>;
  /** The same as JSON, one text without line breaks a document, in pages: for what passes them on unread. */
  scanTexts(container: ContainerName): AsyncIterable<readonly string[]>;
  /** Throws when the store cannot serve requests now. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** Every container with the top-level fields that queries may name. Partition key is always `/pk`. */
export const containers = {
  accounts: ['expiresAt', 'unfinishedSince', 'untoldSince'],
  authenticators: [],
  providerLinks: ['email'],
  challenges: ['expiresAt'],
  passwordLinks: ['expiresAt'],
  halfSignIns: ['expiresAt'],
  sessions: ['accountId', 'expiresAt'],
  handoffs: ['expiresAt'],
  organizations: ['untoldSince'],
  memberships: [],
  slugs: [],
  deviceGrants: ['expiresAt', 'systemId', 'organizationId'],
  systems: ['organizationId', 'state', 'untoldSince'],
  gateways: ['systemId', 'untoldSince', 'silentAt'],
  shares: ['systemId', 'organizationId', 'sweepAt', 'expiresAt', 'endedAt', 'untoldSince'],
  allowlists: [],
  refusedCalls: ['expiresAt'],
  grants: [],
  audit: ['at', 'action'],
  throttles: ['expiresAt'],
  secretVersions: ['untoldSince'],
} as const satisfies Record<string, readonly string[]>;

export type ContainerName = keyof typeof containers;
export const containerNames = Object.keys(containers) as ContainerName[];
