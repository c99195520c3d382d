import { Readable } from 'node:stream';

/**
 * Collects a body that may be small. Gives it back whole when it ended within `limit` bytes and `patience` ms;
 * otherwise undefined, and the stream stands, paused, as if nothing had been read of it.
 *
 * @throws the stream's error, or one saying that it was destroyed
 */
export function wholeIfSmall(body: Readable, limit: number, patience: number): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let length = 0;
    const settle = () => {
      clearTimeout(timer);
      body.off('data', onData).off('end', onEnd).off('error', onError).off('close', onClose);
    };
    const giveBack = () => {
      settle();
      body.pause();
      if (length > 0) body.unshift(Buffer.concat(pieces));
      resolve(undefined);
    };
    const onData = (chunk: Buffer | string) => {
      const piece = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      pieces.push(piece);
      length += piece.length;
      if (length > limit) giveBack();
    };
    const onEnd = () => {
      settle();
      resolve(Buffer.concat(pieces));
    };
    const onError = (error: Error) => {
      settle();
      reject(error);
    };
    const onClose = () => onError(new Error('the body was cut off'));
    const timer = setTimeout(giveBack, patience);
    if (body.errored || body.destroyed) return onClose();
    body.on('data', onData).on('end', onEnd).on('error', onError).on('close', onClose);
  });
}

/** A stream of the one piece, or of nothing. */
export function readableOf(body: Buffer | undefined): Readable {
  const readable = new Readable({ read() {} });
  if (body !== undefined && body.length > 0) readable.push(body);
  readable.push(null);
  return readable;
}
