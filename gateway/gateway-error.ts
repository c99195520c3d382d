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
  return error instanceof Error ? error.message : String(error);
}

/** The `code` that Node puts on its system errors, such as `ENOENT`. */
export function systemCodeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
