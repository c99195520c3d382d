import { Writable } from 'node:stream';
import { opcode } from './hybrid-connection-frame.ts';

/** The connection that a message goes to. */
export interface OutgoingFlow {
  isOpen(): boolean;
  write(kind: number, payload: Uint8Array, last: boolean): void;
  /** Calls back when more may be written, at once if that is so now, or with an error when it never will be. */
  whenDrained(done: (error?: Error) => void): void;
}

/** One frame carries at most this much, so that pings and closes get between. */
export const largestFrame = 256 * 1024;

/** One binary message of any length: a fragment a write, no faster than the peer takes it; ending it sends FIN. */
export function outgoingBody(flow: OutgoingFlow): Writable {
  let first = true;
  const fragment = (piece: Uint8Array, last: boolean): void => {
    flow.write(first ? opcode.binary : opcode.continuation, piece, last);
    first = false;
  };
  const send = (chunk: Buffer, from: number, done: (error?: Error | null) => void): void => {
    if (!flow.isOpen()) return done(new Error('the WebSocket is closed'));
    const to = Math.min(chunk.length, from + largestFrame);
    fragment(chunk.subarray(from, to), false);
    flow.whenDrained((error) => {
      if (error !== undefined || to === chunk.length) done(error);
      else send(chunk, to, done);
    });
  };
  const body = new Writable({
    highWaterMark: largestFrame,
    write: (chunk: Buffer, _encoding, done) => send(chunk, 0, done),
    final: (done) => {
      if (!flow.isOpen()) return done(new Error('the WebSocket is closed'));
      fragment(Buffer.alloc(0), true);
      done();
    },
  });
  // Nobody may be listening any more when the peer goes.
  return body.on('error', () => {});
}
