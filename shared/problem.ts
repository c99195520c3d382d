/**
 * The error catalogue: every problem a client can be told of, with its RFC 9457 title and status.
 * `type` on the wire is `/problems/{code}`.
 */
export const problemCatalogue = {
  'invalid-request': { status: 400, title: 'The request is not valid' },
  unauthorized: { status: 401, title: 'A valid access token is needed' },
  forbidden: { status: 403, title: 'Not allowed' },
  'second-factor-required': { status: 403, title: 'A second step is needed' },
  'against-policy': { status: 403, title: 'The policy of the organization does not allow this' },
  'not-in-allowlist': { status: 403, title: 'This call is not part of the shared dashboard' },
  'not-found': { status: 404, title: 'Not found' },
  conflict: { status: 409, title: 'In conflict with the present state' },
  'payload-too-large': { status: 413, title: 'The request body is too large' },
  'unsupported-media-type': { status: 415, title: 'The content type is not supported here' },
  'too-many-requests': { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'Something went wrong on our side' },
  'system-offline': { status: 503, title: 'The on-prem system cannot be reached' },
  unavailable: { status: 503, title: 'Temporarily unavailable' },
  'system-timeout': { status: 504, title: 'The on-prem system did not answer in time' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof problemCatalogue;

export interface FieldError {
  /** Dotted path into the request, such as `recipients.0`. */
  readonly field: string;
  readonly detail: string;
}

/** An error whose code and detail the caller may read. Everything else becomes `internal`. */
export class Problem extends Error {
  override name = 'Problem';
  readonly code: ProblemCode;
  readonly errors: readonly FieldError[];
  /** Seconds after which a retry makes sense. */
  readonly retryAfter: number | undefined;

  constructor(
    code: ProblemCode,
    detail: string,
    options: { errors?: readonly FieldError[]; retryAfter?: number } = {},
  ) {
    super(detail);
    this.code = code;
    this.errors = options.errors ?? [];
    this.retryAfter = options.retryAfter;
  }

  get status(): number {
    return problemCatalogue[this.code].status;
  }

  /** The RFC 9457 problem document. */
  toDocument(): Record<string, unknown> {
    const { status, title } = problemCatalogue[this.code];
    return {
      type: `/problems/${this.code}`,
      title,
      status,
      detail: this.message,
      ...(this.errors.length > 0 && { errors: this.errors }),
    };
  }
}
