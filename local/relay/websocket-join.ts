import type { Duplex } from 'node:stream';
import { encodeFrame, FrameError, FrameReader, opcode } from '../../shared/tunnel/hybrid-connection-frame.ts';

export interface JoinedEnd {
  readonly stream: Duplex;
  readonly head: Buffer;
}

/**
 * Joins a sender's and a listener's WebSocket: every message, ping and pong goes across unchanged, piece by piece and no
 * faster than the other side takes it. Messages may be split into other frames than they came in, which RFC 6455
 * section 5.4 allows when no extension was agreed.
 *
 * @returns closes both
 */
export function joinWebSockets(
  sender: JoinedEnd,
  listener: JoinedEnd,
): (code: number, reason: string) => void {
  const ends = [
    forward(sender, listener, 1001, 'The sender client shut down the connection'),
    forward(listener, sender, 1000, 'The listener shut down the socket'),
  ];
  return (code, reason) => {
    for (const end of ends) end(code, reason);
  };
}

function forward(
  from: JoinedEnd,
  to: JoinedEnd,
  lostCode: number,
  lostReason: string,
): (code: number, reason: string) => void {
  let closed = false;
  const send = (kind: number, payload: Buffer, last: boolean) => {
    if (closed || !to.stream.writable) return;
    for (const part of encodeFrame(kind, payload, last)) to.stream.write(part);
  };
  const close = (payload: Buffer) => {
    send(opcode.close, payload, true);
    closed = true;
    to.stream.end();
  };
  const reader = new FrameReader(
    {
      message: (kind, piece, first, last) => {
        if (piece.length > 0 || last || first) send(first ? kind : opcode.continuation, piece, last);
      },
      control: (kind, payload) => {
        if (kind === opcode.close) close(payload);
        else send(kind, payload, true);
      },
    },
    true,
  );
  const end = (code: number, reason: string) => {
    if (!closed) close(closePayload(code, reason));
  };
  const lost = () => end(lostCode, lostReason);
  from.stream.on('data', (chunk: Buffer) => {
    if (closed) return;
    try {
      reader.read(chunk);
    } catch (error) {
      const code = error instanceof FrameError ? error.closeCode : 1011;
      for (const part of encodeFrame(opcode.close, closePayload(code, ''), true)) from.stream.write(part);
      from.stream.end();
      lost();
    }
    if (to.stream.writableNeedDrain) from.stream.pause();
  });
  to.stream.on('drain', () => from.stream.resume());
  from.stream.on('error', () => {});
  from.stream.on('end', lost);
  from.stream.on('close', () => {
    lost();
    const deadline = setTimeout(() => to.stream.destroy(), 2000);
    to.stream.once('close', () => clearTimeout(deadline));
    if (to.stream.destroyed) clearTimeout(deadline);
  });
  if (from.head.length > 0) from.stream.unshift(from.head);
  from.stream.resume();
  return end;
}

function closePayload(code: number, reason: string): Buffer {
  const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
  payload.writeUInt16BE(code);
  payload.write(reason, 2);
  return payload;
}
