import { Socket } from 'node:net';
import type { Duplex, Readable, Writable } from 'node:stream';
import type { Random } from '../clock.ts';
import {
  type ControlOpcode,
  encodeFrame,
  FrameError,
  FrameReader,
  type MessageOpcode,
  opcode,
} from './hybrid-connection-frame.ts';
import { IncomingMessages, utf8 } from './hybrid-connection-incoming.ts';
import { largestFrame, outgoingBody } from './hybrid-connection-outgoing.ts';

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
  /** A normal close ends a body that has no final fragment yet: so Microsoft's Java listener ends every large one. */
  readonly closeEndsBody?: boolean;
  /** How long a body may wait without the peer taking a byte before the connection counts as lost, in milliseconds. */
  readonly stall?: number;
}

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
  readonly #incoming: IncomingMessages;
  readonly #closeEndsBody: boolean;
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
    this.#closeEndsBody = options.closeEndsBody ?? false;
    this.#nextMask = options.role === 'service' ? undefined : maskSource(options.role.client);
    this.#incoming = new IncomingMessages({
      pause: () => stream.pause(),
      resume: () => this.#resume(),
      text: (text) => {
        if (!this.#closeSent) options.handlers.text(text);
      },
    });
    const sink = {
      message: (kind: MessageOpcode, piece: Buffer, first: boolean, last: boolean) => {
        // After our own close nobody waits for anything but the peer's.
        if (!this.#closeSent) this.#incoming.message(kind, piece, first, last);
      },
      control: (kind: ControlOpcode, payload: Buffer) => this.#onControl(kind, payload),
    };
    this.#reader = new FrameReader(sink, options.role === 'service');
    this.#listen(head, options.stall ?? defaultStall);
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

  /** One binary message, a fragment a write; ending the stream ends the message. Nothing else may be sent meanwhile. */
  sendBody(): Writable {
    this.#sending = outgoingBody({
      isOpen: () => this.open,
      write: (kind, payload, last) => this.#write(kind, payload, last),
      whenDrained: (done) => this.#whenDrained(done),
    });
    return this.#sending;
  }

  /** See IncomingMessages.body. */
  receiveBody(): Readable {
    return this.#incoming.body();
  }

  /** See IncomingMessages.small. */
  receiveSmall(limit: number, received: (binary: Buffer) => void): void {
    this.#incoming.small(limit, received);
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
    this.#incoming.lose(new Error('the WebSocket was closed'));
    this.#resume();
  }

  /** Drops the connection without a word. */
  destroy(): void {
    this.#stream.destroy();
  }

  #listen(head: Buffer, stall: number): void {
    const stream = this.#stream;
    const lost = () => this.#finish(1006, 'the connection was lost');
    stream.on('drain', () => this.#drained?.());
    stream.on('error', () => {});
    if (stream instanceof Socket) {
      // Node counts every byte that the network takes as activity, also within one long write.
      stream.setTimeout(stall);
      stream.on('timeout', () => {
        if (this.#drained !== undefined) stream.destroy();
      });
    }
    if (head.length > 0) stream.unshift(head);
    // Whoever made this gets a turn to take hold of it before the first message.
    setImmediate(() => {
      this.#reading = true;
      stream.on('data', (chunk: Buffer) => this.#onData(chunk));
      stream.on('end', () => {
        lost();
        stream.end();
      });
      stream.on('close', lost);
      if (stream.closed) lost();
    });
  }

  #write(kind: number, payload: Uint8Array, last: boolean): void {
    if (!this.open || !this.#stream.writable) return;
    for (const part of encodeFrame(kind, payload, last, this.#nextMask?.())) this.#stream.write(part);
  }

  #sendClose(code: number, reason: string): void {
    // 1005 stands for what was not sent and must not be sent (RFC 6455 section 7.4.1).
    const payload = code === 1005 ? Buffer.alloc(0) : Buffer.from([code >> 8, code & 0xff]);
    const text = Buffer.from(reason.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 123));
    this.#write(opcode.close, code === 1005 ? payload : Buffer.concat([payload, text]), true);
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

  #onControl(kind: ControlOpcode, payload: Buffer): void {
    if (this.#finished) return;
    // Whoever pings without reading the answers gets no more of them (RFC 6455 section 5.5.3 lets us skip some).
    if (kind === opcode.ping && this.backlog < largestFrame) this.#write(opcode.pong, payload, true);
    if (kind !== opcode.close) return;
    const code = closeCode(payload);
    const reason = utf8(payload.subarray(2));
    if (code === 1000 && this.#closeEndsBody) this.#incoming.end();
    if (!this.#closeSent) this.#sendClose(code, '');
    this.#stream.end();
    this.#finish(code, reason);
  }

  /** A stream that flows before anybody listens to it loses what it carries. */
  #resume(): void {
    if (this.#reading) this.#stream.resume();
  }

  #whenDrained(done: (error?: Error) => void): void {
    if (!this.#stream.writableNeedDrain) return done();
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
    this.#incoming.lose(lost);
    this.#handlers.closed(code, reason);
  }
}

/** @throws FrameError for what must not be sent (RFC 6455 section 7.4) */
function closeCode(payload: Buffer): number {
  if (payload.length === 0) return 1005;
  const code = payload.length === 1 ? 0 : payload.readUInt16BE(0);
  if (code < 1000 || code > 4999 || [1004, 1005, 1006, 1015].includes(code)) {
    throw new FrameError(1002, 'no valid close code');
  }
  return code;
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
