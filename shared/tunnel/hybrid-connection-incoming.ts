import { Readable } from 'node:stream';
import { FrameError, type MessageOpcode, opcode } from './hybrid-connection-frame.ts';
import { messageLimit } from './hybrid-connection-message.ts';

/** The connection that messages come from. */
export interface IncomingFlow {
  pause(): void;
  resume(): void;
  /** A text message, whole. */
  text(text: string): void;
}

interface Receiver {
  piece(piece: Buffer, last: boolean): void;
  lost(error: Error): void;
}

/** How much of a body is held for a reader that is slower than the network. */
const receiveAhead = 128 * 1024;

/** Puts the pieces of messages where they belong: texts are collected, binaries go to whoever was promised the next. */
export class IncomingMessages {
  readonly #flow: IncomingFlow;
  #text: Buffer[] = [];
  #textLength = 0;
  #receiver: Receiver | undefined;
  #discarding = false;
  /** A binary message is under way. */
  #begun = false;

  constructor(flow: IncomingFlow) {
    this.#flow = flow;
  }

  /** @throws FrameError */
  message(kind: MessageOpcode, piece: Buffer, first: boolean, last: boolean): void {
    if (kind === opcode.text) this.#onText(piece, last);
    else this.#onBinary(piece, first, last);
  }

  /**
   * The next binary message, as it arrives. While nobody reads it, the peer is held up. Destroying it discards the rest
   * of the message; if the connection is lost before the message ends, it is destroyed with an error.
   */
  body(): Readable {
    const body = new Readable({
      highWaterMark: receiveAhead,
      read: () => this.#flow.resume(),
      destroy: (error, done) => {
        this.#discard(receiver);
        done(error);
      },
    });
    const receiver = {
      piece: (piece: Buffer, last: boolean) => {
        const more = piece.length === 0 || body.push(piece);
        if (!last && !more) this.#flow.pause();
        if (!last) return;
        body.push(null);
        // An ended body asks for nothing more, and an earlier piece may have paused the stream.
        this.#flow.resume();
      },
      lost: (error: Error) => void body.destroy(error),
    };
    // Nobody may be listening any more when the peer goes.
    body.on('error', () => {});
    this.#receiver = receiver;
    return body;
  }

  /** The next binary message, whole; if it is longer than `limit` bytes the peer is sent away with 1009. */
  small(limit: number, received: (binary: Buffer) => void): void {
    const pieces: Buffer[] = [];
    let length = 0;
    this.#receiver = {
      piece: (piece, last) => {
        length += piece.length;
        if (length > limit) throw new FrameError(1009, `a body of more than ${limit} bytes`);
        pieces.push(piece);
        if (last) received(joined(pieces));
      },
      lost: () => {},
    };
  }

  /** A body that has begun ends with what has come of it. */
  end(): void {
    if (!this.#begun) return;
    const receiver = this.#receiver;
    this.#receiver = undefined;
    receiver?.piece(Buffer.alloc(0), true);
  }

  /** Whatever was promised will not come, or not to its end. */
  lose(error: Error): void {
    const receiver = this.#receiver;
    receiver?.lost(error);
    this.#discard(receiver);
  }

  #onText(piece: Buffer, last: boolean): void {
    // Whose body would come next? Answers of one viewer must never reach another.
    if (this.#receiver !== undefined) throw new FrameError(1002, 'a message where a body was announced');
    this.#textLength += piece.length;
    if (this.#textLength > messageLimit)
      throw new FrameError(1009, `a message of more than ${messageLimit} bytes`);
    this.#text.push(piece);
    if (!last) return;
    const text = utf8(joined(this.#text));
    this.#text = [];
    this.#textLength = 0;
    this.#flow.text(text);
  }

  #onBinary(piece: Buffer, first: boolean, last: boolean): void {
    if (this.#discarding) {
      this.#discarding = !last;
      return;
    }
    const receiver = this.#receiver;
    if (receiver === undefined) {
      // The official Node listener sends an empty binary message after responses that have no body.
      if (first && last && piece.length === 0) return;
      throw new FrameError(1002, 'a binary message that nothing announced');
    }
    this.#begun = !last;
    if (last) this.#receiver = undefined;
    receiver.piece(piece, last);
  }

  /** The receiver of a message that nobody wants any more is gone; the message still has to pass. */
  #discard(receiver: Receiver | undefined): void {
    if (receiver === undefined || this.#receiver !== receiver) return;
    this.#receiver = undefined;
    this.#discarding = true;
    this.#flow.resume();
  }
}

const joined = (pieces: readonly Buffer[]): Buffer =>
  pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces);

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @throws FrameError */
export function utf8(bytes: Buffer): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new FrameError(1007, 'not UTF-8');
  }
}
