/** The document breaks a bound that every adapter must hold, whichever database is behind it. */
export class InvalidDocument extends Error {
  override name = 'InvalidDocument';
}

/** The document is larger than `maximumDocumentBytes` as JSON. */
export class DocumentTooLarge extends InvalidDocument {
  override name = 'DocumentTooLarge';
}

/** A query names a field the container does not index, or a limit outside 1 to 1000. */
export class InvalidQuery extends Error {
  override name = 'InvalidQuery';
}

/** A continuation that this store did not give out for this query. */
export class InvalidContinuation extends Error {
  override name = 'InvalidContinuation';
}

export type Unavailability =
  | 'busy'
  | 'closed'
  | 'disk-full'
  | 'read-only'
  | 'cannot-open'
  | 'damaged'
  | 'foreign'
  | 'newer-schema'
  | 'failed';

/**
 * The store cannot serve now; it can be used again once the cause is gone. Nothing was written, unless a remote
 * store's answer got lost: then nobody knows.
 */
export class StoreUnavailable extends Error {
  override name = 'StoreUnavailable';
  readonly reason: Unavailability;

  constructor(reason: Unavailability, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}
