import { Socket } from 'node:net';
import { Readable, Writable, type Duplex } from 'node:stream';
import type { Random } from '../clock.ts';
import {
  type ControlOpcode,
  encodeFrame,
  FrameError,
  FrameReader,
  type MessageOpcode,
  opcode,
} from './hybrid-connection-frame.ts';
import { messageLimit } from './hybrid-connection-message.ts';

export interface SocketHandlers {
  /** A text message, whole. */
  text(text: string): void;
  /**
   * Called once, when the peer has closed or the connection is lost.
   *
   * @param code RFC 6455 section 7.4.1; 1005 closed without a code, 1006 lost without a word
   */
  closed(code: number, reason: string): void;
}

export interface SocketOptions {
  /** A client masks what it sends, with keys from here; a service does not. */
  readonly role: { readonly client: Random } | 'service';
  readonly handlers: SocketHandlers;
  /** How long a body may wait without the peer taking a byte before the connection counts as lost, in milliseconds. */
  readonly stall?: number;
}

/** One frame of a body carries at most this much, so that pings and closes get between. */
const largestFrame = 256 * 1024;
const receiveAhead = 128 * 1024;
const closeWithin = 2000;
const defaultStall = 120_000;

/**
 * A WebSocket (RFC 6455) that streams: the body of an HTTP message is one fragmented binary message of any length here,
 * and its pieces must be handed on as they arrive. The package `ws` hands over whole messages only, so it cannot carry
 * this protocol; the tests run it as the peer. No extension is ever agreed.
 */
export class FrameSocket {
  readonly #stream: Duplex;
  readonly #handlers: SocketHandlers;
  readonly #nextMask: (() => Uint8Array) | undefined;
  readonly #reader: FrameReader;
  #text: Buffer[] = [];
  #textLength = 0;
  #receiving: { piece(piece: Buffer, last: boolean): void; lost(error: Error): void } | undefined;
  #discarding = false;
  #sending: Writable | undefined;
  #drained: ((error?: Error) => void) | undefined;
  #closeSent = false;
  #reading = false;
  #finished = false;
  #silentBeats = 0;
  #beat: NodeJS.Timeout | undefined;

  /** @param stream connected and past its handshake; `head` is what came behind the handshake */
  constructor(stream: Duplex, head: Buffer, options: SocketOptions) {
    this.#stream = stream;
    this.#handlers = options.handlers;
    this.#nextMask = options.role === 'service' ? undefined : maskSource(options.role.client);
    const sink = {
      message: (kind: MessageOpcode, piece: Buffer, first: boolean, last: boolean) =>
        kind === opcode.text ? this.#onText(piece, last) : this.#onBinary(piece, first, last),
      control: (kind: ControlOpcode, payload: Buffer) => this.#onControl(kind, payload),
    };
    this.#reader = new FrameReader(sink, options.role === 'service');
    stream.on('drain', () => this.#drained?.());
    if (stream instanceof Socket) {
      // Node counts every byte that the network takes as activity, also within one long write.
      stream.setTimeout(options.stall ?? defaultStall);
      stream.on('timeout', () => {
        if (this.#drained !== undefined) stream.destroy();
      });
    }
    stream.on('error', () => {});
    if (head.length > 0) stream.unshift(head);
    // Whoever made this gets a turn to take hold of it before the first message.
    setImmediate(() => {
      this.#reading = true;
      stream.on('data', (chunk: Buffer) => this.#onData(chunk));
      stream.on('end', () => {
        this.#finish(1006, 'the connection was lost');
        stream.end();
      });
      stream.on('close', () => this.#finish(1006, 'the connection was lost'));
      if (stream.closed) this.#finish(1006, 'the connection was lost');
    });
  }

  get open(): boolean {
    return !this.#finished && !this.#closeSent;
  }

  /** Bytes that wait to be written. */
  get backlog(): number {
    return this.#stream.writableLength;
  }

  sendText(text: string): void {
    this.#write(opcode.text, Buffer.from(text), true);
  }

  /** A text message and the binary one that belongs to it, with nothing between. */
  sendTextAndBinary(text: string, binary: Uint8Array): void {
    this.#stream.cork();
    this.#write(opcode.text, Buffer.from(text), true);
    this.#write(opcode.binary, binary, true);
    this.#stream.uncork();
  }

  /** One binary message, a fragment a write; ending the stream ends the message (FIN). Nothing else may be sent meanwhile. */
  sendBody(): Writable {
    let first = true;
    const fragment = (piece: Uint8Array, last: boolean) => {
      this.#write(first ? opcode.binary : opcode.continuation, piece, last);
      first = false;
    };
    const send = (chunk: Buffer, from: number, done: (error?: Error | null) => void): void => {
      if (!this.open) return done(new Error('the WebSocket is closed'));
      const to = Math.min(chunk.length, from + largestFrame);
      fragment(chunk.subarray(from, to), false);
      const rest = (error?: Error) => {
        if (error !== undefined || to === chunk.length) done(error);
        else send(chunk, to, done);
      };
      if (this.#stream.writableNeedDrain) this.#whenDrained(rest);
      else rest();
    };
    const body = new Writable({
      highWaterMark: largestFrame,
      write: (chunk: Buffer, _encoding, done) => send(chunk, 0, done),
      final: (done) => {
        if (!this.open) return done(new Error('the WebSocket is closed'));
        fragment(Buffer.alloc(0), true);
        this.#sending = undefined;
        done();
      },
    });
    body.on('error', () => {});
    this.#sending = body;
    return body;
  }

  /**
   * The next binary message, as it arrives. While nobody reads it, the peer is held up. Destroying it discards the rest
   * of the message; if the connection is lost before the message ends, it is destroyed with an error.
   */
  receiveBody(): Readable {
    const body = new Readable({
      highWaterMark: receiveAhead,
      read: () => this.#resume(),
      destroy: (error, done) => {
        this.#discard(receiving);
        done(error);
      },
    });
    const receiving = {
      piece: (piece: Buffer, last: boolean) => {
        const more = piece.length === 0 || body.push(piece);
        if (!last && !more) this.#stream.pause();
        if (!last) return;
        body.push(null);
        // An ended body asks for nothing more, and an earlier piece may have paused the stream.
        this.#resume();
      },
      lost: (error: Error) => void body.destroy(error),
    };
    // Nobody may be listening any more when the peer goes.
    body.on('error', () => {});
    this.#receiving = receiving;
    return body;
  }

  /** The next binary message, whole; if it is longer than `limit` bytes the peer is sent away with 1009. */
  receiveSmall(limit: number, received: (binary: Buffer) => void): void {
    const pieces: Buffer[] = [];
    let length = 0;
    this.#receiving = {
      piece: (piece, last) => {
        length += piece.length;
        if (length > limit) throw new FrameError(1009, `a body of more than ${limit} bytes`);
        pieces.push(piece);
        if (last) received(pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces));
      },
      lost: () => {},
    };
  }

  /** Pings at every interval and gives the connection up when nothing came in for two intervals after the first ping. */
  watch(interval: number): void {
    clearInterval(this.#beat);
    if (!this.open) return;
    this.#silentBeats = 0;
    this.#beat = setInterval(() => {
      if (this.#silentBeats >= 2) {
        this.#finish(1006, 'no answer to pings');
        this.#stream.destroy();
        return;
      }
      this.#silentBeats++;
      this.ping();
    }, interval);
  }

  /** For the time in which the peer may rightly not read, because whoever it reads for is slow. */
  unwatch(): void {
    clearInterval(this.#beat);
  }

  ping(): void {
    this.#write(opcode.ping, Buffer.alloc(0), true);
  }

  /** Starts the closing handshake; what the peer still sends is discarded. */
  close(code: number, reason = ''): void {
    if (this.#closeSent || this.#stream.destroyed) return;
    this.#sendClose(code, reason);
    this.#discard(this.#receiving);
    this.#resume();
  }

  /** Drops the connection without a word. */
  destroy(): void {
    this.#stream.destroy();
  }

  #write(kind: number, payload: Uint8Array, last: boolean): void {
    if (!this.open || !this.#stream.writable) return;
    for (const part of encodeFrame(kind, payload, last, this.#nextMask?.())) this.#stream.write(part);
  }

  #sendClose(code: number, reason: string): void {
    // 1005 and 1006 stand for what was not sent and must not be sent (RFC 6455 section 7.4.1).
    const payload = Buffer.alloc(code === 1005 || code === 1006 ? 0 : 2);
    if (payload.length === 2) payload.writeUInt16BE(code);
    const text = Buffer.from(reason).subarray(0, 123);
    this.#write(opcode.close, Buffer.concat(payload.length === 2 ? [payload, text] : [payload]), true);
    this.#closeSent = true;
    clearInterval(this.#beat);
    const deadline = setTimeout(() => this.#stream.destroy(), closeWithin);
    this.#stream.once('close', () => clearTimeout(deadline));
  }

  #onData(chunk: Buffer): void {
    this.#silentBeats = 0;
    if (this.#finished) return;
    try {
      this.#reader.read(chunk);
    } catch (error) {
      const [code, reason] =
        error instanceof FrameError ? [error.closeCode, error.message] : [1011, 'internal error'];
      this.#sendClose(code, reason);
      this.#finish(code, reason);
      this.#stream.end();
    }
  }

  #onText(piece: Buffer, last: boolean): void {
    this.#textLength += piece.length;
    if (this.#textLength > messageLimit)
      throw new FrameError(1009, `a message of more than ${messageLimit} bytes`);
    this.#text.push(piece);
    if (!last) return;
    const text = utf8(this.#text.length === 1 && this.#text[0] ? this.#text[0] : Buffer.concat(this.#text));
    this.#text = [];
    this.#textLength = 0;
    if (!this.#closeSent) this.#handlers.text(text);
  }

  #onBinary(piece: Buffer, first: boolean, last: boolean): void {
    const receiving = this.#receiving;
    if (this.#discarding || this.#closeSent) {
      if (last) this.#discarding = false;
      return;
    }
    if (receiving === undefined) {
      // The official Node listener sends an empty binary message after responses that have no body.
      if (first && last && piece.length === 0) return;
      throw new FrameError(1002, 'a binary message that nothing announced');
    }
    if (last) this.#receiving = undefined;
    receiving.piece(piece, last);
  }

  #onControl(kind: ControlOpcode, payload: Buffer): void {
    if (this.#finished) return;
    // Whoever pings without reading the answers gets no more of them (RFC 6455 section 5.5.3 lets us skip some).
    if (kind === opcode.ping && this.backlog < largestFrame) this.#write(opcode.pong, payload, true);
    if (kind !== opcode.close) return;
    if (payload.length === 1) throw new FrameError(1002, 'a close code of one byte');
    const code = payload.length === 0 ? 1005 : payload.readUInt16BE(0);
    const reason = utf8(payload.subarray(2));
    if (!this.#closeSent) this.#sendClose(code, '');
    this.#stream.end();
    this.#finish(code, reason);
  }

  /** The receiver of a message that nobody wants any more is gone; the message still has to pass. */
  #discard(receiving: unknown): void {
    if (receiving === undefined || this.#receiving !== receiving) return;
    this.#receiving = undefined;
    this.#discarding = true;
    this.#resume();
  }

  /** A stream that flows before anybody listens to it loses what it carries. */
  #resume(): void {
    if (this.#reading) this.#stream.resume();
  }

  #whenDrained(done: (error?: Error) => void): void {
    this.#drained = (error) => {
      this.#drained = undefined;
      done(error);
    };
  }

  #finish(code: number, reason: string): void {
    if (this.#finished) return;
    this.#finished = true;
    clearInterval(this.#beat);
    const lost = new Error(`the WebSocket closed with ${code}`);
    this.#drained?.(lost);
    this.#sending?.destroy(lost);
    this.#receiving?.lost(lost);
    this.#receiving = undefined;
    this.#handlers.closed(code, reason);
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function utf8(bytes: Buffer): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new FrameError(1007, 'not UTF-8');
  }
}

/** Fresh masking keys (RFC 6455 section 5.3), drawn in batches. */
function maskSource(random: Random): () => Uint8Array {
  let pool: Uint8Array = new Uint8Array(0);
  let used = 0;
  return () => {
    if (used + 4 > pool.length) {
      pool = random.bytes(1024);
      used = 0;
    }
    used += 4;
    return pool.subarray(used - 4, used);
  };
}
