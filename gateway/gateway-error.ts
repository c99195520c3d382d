/** What went wrong, as far as a caller has to tell the cases apart. */
export type GatewayErrorCode =
  | 'usage'
  | 'config'
  | 'state-damaged'
  | 'not-connected'
  | 'already-connected'
  | 'unreachable'
  | 'protocol'
  | 'refused'
  | 'not-found'
  | 'upstream'
  | 'busy'
  | 'cancelled';

/** An error whose message is written for the person in front of the gateway; it holds no secret. */
export class GatewayError extends Error {
  readonly code: GatewayErrorCode;

  constructor(code: GatewayErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'GatewayError';
    this.code = code;
  }
}

/** The text of anything thrown, fit for one line. */
export function wordsOf(error: unknown): string {
  return memberOf(error, 'message') ?? String(error);
}

/** The `code` that Node puts on its system errors, such as `ENOENT`. */
export function systemCodeOf(error: unknown): string | undefined {
  return memberOf(error, 'code');
}

/** Not by class: errors that come from another realm, such as a worker's or a test's, are none of our `Error`. */
function memberOf(error: unknown, name: 'code' | 'message'): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const value: unknown = Reflect.get(error, name);
  return typeof value === 'string' ? value : undefined;
}
