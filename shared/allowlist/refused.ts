/** Thrown inside the parsers when a request cannot be read in exactly one way; caught by `parseRequest`. */
export class Refused extends Error {
  readonly code: ParseRefusalCode;

  constructor(code: ParseRefusalCode, message: string) {
    super(message);
    this.name = 'Refused';
    this.code = code;
  }
}

export type ParseRefusalCode =
  /** The request cannot be read in exactly one way. */
  | 'ambiguous'
  /** Larger than the limits. */
  | 'too-large'
  /** A header that would change the meaning of the request. */
  | 'forbidden-header'
  /** Another protocol: a WebSocket, which the tunnel does not carry. */
  | 'upgrade'
  /** A method no rule can name. */
  | 'unknown-method'
  /** A content type that cannot be read here, or in another charset. */
  | 'unsupported-content';
