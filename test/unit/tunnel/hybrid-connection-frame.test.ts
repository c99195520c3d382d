import fc from 'fast-check';
import {
  encodeFrame,
  FrameError,
  FrameReader,
  opcode,
} from '../../../shared/tunnel/hybrid-connection-frame.ts';

interface Seen {
  kind: number;
  payload: Buffer;
}

/** Reads `bytes` in chunks of the given sizes and puts the pieces of each message together again. */
function read(bytes: Buffer, sizes: readonly number[], masked: boolean): Seen[] {
  const seen: Seen[] = [];
  let pieces: Buffer[] = [];
  const reader = new FrameReader(
    {
      message: (kind, piece, first, last) => {
        expect(first).toBe(pieces.length === 0);
        pieces.push(Buffer.from(piece));
        if (!last) return;
        seen.push({ kind, payload: Buffer.concat(pieces) });
        pieces = [];
      },
      control: (kind, payload) => seen.push({ kind, payload: Buffer.from(payload) }),
    },
    masked,
  );
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    reader.read(Buffer.from(bytes.subarray(at, at + size)));
    at += size;
  }
  return seen;
}

const mask = fc.uint8Array({ minLength: 4, maxLength: 4 });
const fragments = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 4 });
const message = fc.oneof(
  fc.record({ kind: fc.constantFrom(opcode.text, opcode.binary), fragments }),
  fc.record({
    kind: fc.constantFrom(opcode.ping, opcode.pong, opcode.close),
    fragments: fc.array(fc.uint8Array({ maxLength: 125 }), { minLength: 1, maxLength: 1 }),
  }),
);

describe('frames', () => {
  it.each([true, false])('are read as they were written, however the bytes arrive (masked: %s)', (masked) => {
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 6 }),
        fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 }),
        mask,
        (messages, sizes, key) => {
          const bytes = Buffer.concat(
            messages.flatMap(({ kind, fragments: parts }) =>
              parts.flatMap((part, i) =>
                encodeFrame(
                  i === 0 ? kind : opcode.continuation,
                  part,
                  i === parts.length - 1,
                  masked ? key : undefined,
                ),
              ),
            ),
          );
          const expected = messages.map(({ kind, fragments: parts }) => ({
            kind,
            payload: Buffer.concat(parts),
          }));
          expect(read(bytes, sizes, masked)).toEqual(expected);
        },
      ),
    );
  });

  it.each([0, 1, 125, 126, 127, 65_535, 65_536, 300_000])('of %i bytes carry their length', (length) => {
    const payload = Buffer.alloc(length, 'x');
    for (const key of [undefined, Buffer.from([1, 2, 3, 4])]) {
      const bytes = Buffer.concat(encodeFrame(opcode.binary, payload, true, key));
      expect(read(bytes, [64 * 1024], key !== undefined)).toEqual([{ kind: opcode.binary, payload }]);
    }
  });

  it('are masked without changing what was given, whatever its alignment', () => {
    for (let offset = 0; offset < 8; offset++) {
      const payload = Buffer.alloc(1000 + offset, 'abc').subarray(offset);
      const [bytes] = encodeFrame(opcode.binary, payload, true, Buffer.from([9, 8, 7, 6]));
      expect(payload).toEqual(Buffer.alloc(1000 + offset, 'abc').subarray(offset));
      expect(bytes?.includes('abcabc')).toBe(false);
      expect(read(bytes ?? Buffer.alloc(0), [333], true)).toEqual([{ kind: opcode.binary, payload }]);
    }
  });

  it('hand on what has arrived of a message before it is complete', () => {
    const pieces: string[] = [];
    const sink = {
      message: (_kind: number, piece: Buffer, _first: boolean, last: boolean) =>
        pieces.push(`${piece.toString()}${last ? '.' : ''}`),
      control: () => {},
    };
    const reader = new FrameReader(sink, false);
    const [head, payload] = encodeFrame(opcode.binary, Buffer.from('one two'), false);
    reader.read(Buffer.concat([head ?? Buffer.alloc(0), payload?.subarray(0, 3) ?? Buffer.alloc(0)]));
    expect(pieces).toEqual(['one']);
    reader.read(Buffer.from(payload?.subarray(3) ?? Buffer.alloc(0)));
    expect(pieces).toEqual(['one', ' two']);
    reader.read(Buffer.concat(encodeFrame(opcode.continuation, Buffer.alloc(0), true)));
    expect(pieces).toEqual(['one', ' two', '.']);
  });

  it.each([
    ['a reserved bit', [0xc2, 0x80, 0, 0, 0, 0], 1002],
    ['an unknown message opcode', [0x83, 0x80, 0, 0, 0, 0], 1002],
    ['an unknown control opcode', [0x8b, 0x80, 0, 0, 0, 0], 1002],
    ['no mask from a client', [0x82, 0x00], 1002],
    ['a continuation of nothing', [0x80, 0x80, 0, 0, 0, 0], 1002],
    ['a message inside a message', [0x02, 0x80, 0, 0, 0, 0, 0x82, 0x80, 0, 0, 0, 0], 1002],
    ['a fragmented ping', [0x09, 0x80, 0, 0, 0, 0], 1002],
    ['a ping of 126 bytes', [0x89, 0xfe, 0, 126, 0, 0, 0, 0], 1002],
    ['a frame of 2^63 bytes', [0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 1009],
  ])('are refused: %s', (_what, bytes, closeCode) => {
    expect(() => read(Buffer.from(bytes), [1], true)).toThrow(
      expect.objectContaining({ closeCode }) as FrameError,
    );
  });

  it('masked by a server are refused', () => {
    expect(() => read(Buffer.from([0x82, 0x80, 0, 0, 0, 0]), [9], false)).toThrow(FrameError);
  });
});
