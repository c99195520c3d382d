/** WebSocket opcodes (RFC 6455 section 5.2). */
export const opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
export type MessageOpcode = 1 | 2;
export type ControlOpcode = 8 | 9 | 10;

/** The peer broke RFC 6455 or a limit; `closeCode` is what to tell it (section 7.4.1). */
export class FrameError extends Error {
  override readonly name = 'FrameError';
  readonly closeCode: number;

  constructor(closeCode: number, message: string) {
    super(message);
    this.closeCode = closeCode;
  }
}

export interface FrameSink {
  /**
   * A piece of a message, handed on as it arrives: a message may be far larger than memory and may take hours to end.
   * `first` opens the message, `last` ends it; a piece may be empty. The buffer is the sink's to keep.
   */
  message(kind: MessageOpcode, piece: Buffer, first: boolean, last: boolean): void;
  control(kind: ControlOpcode, payload: Buffer): void;
}

const longestHeader = 14;
const none = Buffer.alloc(0);

/** Cuts a stream of bytes into frames (RFC 6455 section 5), keeping nothing but the frame's header. */
export class FrameReader {
  readonly #sink: FrameSink;
  readonly #masked: boolean;
  readonly #header = Buffer.alloc(longestHeader);
  #headerLength = 0;
  /** Payload bytes of the current frame still to come; -1 while its header is being read. */
  #left = -1;
  #opcode = 0;
  #fin = false;
  #mask: Buffer | undefined;
  #phase = 0;
  /** The kind of the message that has begun and not ended, 0 between messages. */
  #message: MessageOpcode | 0 = 0;
  #first = true;
  #control: Buffer = none;

  /** @param masked true on the service's side: clients mask every frame, services none */
  constructor(sink: FrameSink, masked: boolean) {
    this.#sink = sink;
    this.#masked = masked;
  }

  /**
   * Takes bytes as they come; payloads are unmasked in place.
   *
   * @throws FrameError after which the reader is not to be used again
   */
  read(chunk: Buffer): void {
    let at = 0;
    for (;;) {
      if (this.#left < 0) {
        at = this.#readHeader(chunk, at);
        if (this.#left < 0) return;
      }
      if (this.#left > 0 && at === chunk.length) return;
      const piece = this.#left === 0 ? none : chunk.subarray(at, at + this.#left);
      at += piece.length;
      this.#left -= piece.length;
      if (this.#mask !== undefined && piece.length > 0) {
        applyMask(piece, piece, this.#mask, this.#phase);
        this.#phase = (this.#phase + piece.length) & 3;
      }
      this.#hand(piece, this.#left === 0);
      if (this.#left === 0) {
        this.#left = -1;
        this.#headerLength = 0;
      }
      if (at === chunk.length) return;
    }
  }

  #hand(piece: Buffer, endOfFrame: boolean): void {
    if (this.#opcode >= opcode.close) {
      this.#control = this.#control.length === 0 ? piece : Buffer.concat([this.#control, piece]);
      if (!endOfFrame) return;
      const payload = this.#control;
      this.#control = none;
      this.#sink.control(controlOpcode(this.#opcode), payload);
      return;
    }
    const kind = this.#message;
    if (kind === 0) return;
    const first = this.#first;
    const last = endOfFrame && this.#fin;
    this.#first = last;
    if (last) this.#message = 0;
    this.#sink.message(kind, piece, first, last);
  }

  /** Reads what there is of a header; when it is complete, `#left` is the length of the payload. */
  #readHeader(chunk: Buffer, from: number): number {
    let at = from;
    for (let wanted = this.#wanted(); this.#headerLength < wanted; wanted = this.#wanted()) {
      const taken = Math.min(wanted - this.#headerLength, chunk.length - at);
      if (taken === 0) return at;
      chunk.copy(this.#header, this.#headerLength, at, at + taken);
      this.#headerLength += taken;
      at += taken;
    }
    this.#startFrame();
    return at;
  }

  /** How long the header is, as far as its bytes so far tell. */
  #wanted(): number {
    if (this.#headerLength < 2) return 2;
    const second = this.#header[1] ?? 0;
    const length = second & 0x7f;
    return 2 + (length === 126 ? 2 : length === 127 ? 8 : 0) + ((second & 0x80) !== 0 ? 4 : 0);
  }

  #startFrame(): void {
    const header = this.#header;
    const [first = 0, second = 0] = header;
    const short = second & 0x7f;
    const masked = (second & 0x80) !== 0;
    this.#opcode = first & 0x0f;
    this.#fin = (first & 0x80) !== 0;
    if ((first & 0x70) !== 0) throw new FrameError(1002, 'a reserved bit is set and no extension was agreed');
    if (masked !== this.#masked)
      throw new FrameError(1002, masked ? 'masked by a server' : 'not masked by a client');
    if (short === 127 && header.readUInt32BE(2) > 0x1fffff)
      throw new FrameError(1009, 'a frame of 2^53 bytes or more');
    const length =
      short === 126 ? header.readUInt16BE(2) : short === 127 ? Number(header.readBigUInt64BE(2)) : short;
    if (this.#opcode >= opcode.close) {
      if (this.#opcode > opcode.pong) throw new FrameError(1002, 'unknown opcode');
      if (!this.#fin || length > 125) throw new FrameError(1002, 'a fragmented or long control frame');
    } else if (this.#opcode === opcode.continuation) {
      if (this.#message === 0) throw new FrameError(1002, 'a continuation of nothing');
    } else if (this.#opcode === opcode.text || this.#opcode === opcode.binary) {
      if (this.#message !== 0) throw new FrameError(1002, 'a message inside a message');
      this.#message = this.#opcode;
      this.#first = true;
    } else {
      throw new FrameError(1002, 'unknown opcode');
    }
    this.#mask = masked
      ? Buffer.from(header.subarray(this.#headerLength - 4, this.#headerLength))
      : undefined;
    this.#phase = 0;
    this.#left = length;
  }
}

const controlOpcode = (value: number): ControlOpcode => (value === 8 ? 8 : value === 9 ? 9 : 10);

/**
 * One frame as the buffers to write. With a `mask` (4 bytes, fresh for every frame) it is one new buffer and `payload`
 * is left alone; without, the payload itself is the second buffer.
 */
export function encodeFrame(kind: number, payload: Uint8Array, last: boolean, mask?: Uint8Array): Buffer[] {
  const length = payload.length;
  const extended = length < 126 ? 0 : length < 0x10000 ? 2 : 8;
  const header = 2 + extended + (mask === undefined ? 0 : 4);
  // The copy is masked four bytes at a time, for which source and target must be aligned alike.
  const shift = mask === undefined ? 0 : (payload.byteOffset - header) & 3;
  const whole = Buffer.allocUnsafe(mask === undefined ? header : shift + header + length);
  const target = whole.subarray(shift);
  target[0] = (last ? 0x80 : 0) | kind;
  target[1] = (mask === undefined ? 0 : 0x80) | (extended === 0 ? length : extended === 2 ? 126 : 127);
  if (extended === 2) target.writeUInt16BE(length, 2);
  if (extended === 8) target.writeBigUInt64BE(BigInt(length), 2);
  if (mask === undefined) return length === 0 ? [target] : [target, asBuffer(payload)];
  target.set(mask, header - 4);
  applyMask(asBuffer(payload), target.subarray(header), mask, 0);
  return [target];
}

export const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const word = new Uint8Array(4);
const wordValue = new Uint32Array(word.buffer);

/** RFC 6455 section 5.3 from `source` to `target`, which may be the same; `phase` is the key's byte to begin with. */
function applyMask(source: Buffer, target: Buffer, mask: Uint8Array, phase: number): void {
  const length = source.length;
  let at = 0;
  if (length >= 64 && ((source.byteOffset ^ target.byteOffset) & 3) === 0) {
    for (; ((source.byteOffset + at) & 3) !== 0; at++) {
      target[at] = (source[at] ?? 0) ^ (mask[(phase + at) & 3] ?? 0);
    }
    for (let i = 0; i < 4; i++) word[i] = mask[(phase + at + i) & 3] ?? 0;
    const key = wordValue[0] ?? 0;
    const words = (length - at) >>> 2;
    const from = new Uint32Array(source.buffer, source.byteOffset + at, words);
    const to = new Uint32Array(target.buffer, target.byteOffset + at, words);
    for (let i = 0; i < words; i++) to[i] = (from[i] ?? 0) ^ key;
    at += words * 4;
  }
  for (; at < length; at++) target[at] = (source[at] ?? 0) ^ (mask[(phase + at) & 3] ?? 0);
}
