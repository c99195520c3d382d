import type { Readable } from 'node:stream';

/** A viewer's request as it came through the tunnel. */
export interface RelayedRequest {
  readonly id: string;
  readonly method: string;
  /** Path and query below the hybrid connection, as the sender put them; begins with `/`. */
  readonly target: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Fails when the sender leaves before its end; need not be read. */
  readonly body: Readable;
  /** Bytes of the body, 0 when there is none, undefined when only its end will tell. */
  readonly bodyLength: number | undefined;
  /** Aborts when nobody waits for the response any more. */
  readonly signal: AbortSignal;
}

export interface RelayedResponse {
  /** 200 to 599; the relay keeps 502 and 504 for itself, 503 takes their place. */
  readonly status: number;
  /** Fields of one connection (Content-Length, Transfer-Encoding, ...) are not sent on; a length still helps to route. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Readable | Uint8Array;
}
