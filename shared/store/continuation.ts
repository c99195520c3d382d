import { createHmac, timingSafeEqual } from 'node:crypto';
import { InvalidContinuation } from './store-errors.ts';

/** Where a page ended: the value ordered by, then id and partition key, which break ties. */
export interface Position {
  readonly value: string | number;
  readonly id: string;
  readonly pk: string;
}

const macBytes = 16;

/** Opaque text for a position. The MAC ties it to one query, and keeps a client from making up its own. */
export function writeContinuation(key: Uint8Array, shape: string, { value, id, pk }: Position): string {
  const body = Buffer.from(JSON.stringify([value, id, pk]));
  return Buffer.concat([mac(key, shape, body), body]).toString('base64url');
}

/** @throws InvalidContinuation when it was tampered with, or given out for another query */
export function readContinuation(key: Uint8Array, shape: string, continuation: string): Position {
  const bytes = Buffer.from(continuation, 'base64url');
  const body = bytes.subarray(macBytes);
  if (
    bytes.length <= macBytes ||
    bytes.toString('base64url') !== continuation ||
    !timingSafeEqual(bytes.subarray(0, macBytes), mac(key, shape, body))
  )
    throw new InvalidContinuation('The continuation was not given out for this query.');
  const [value, id, pk] = JSON.parse(body.toString()) as [string | number, string, string];
  return { value, id, pk };
}

function mac(key: Uint8Array, shape: string, body: Uint8Array): Buffer {
  const shapeBytes = Buffer.from(shape);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(shapeBytes.length);
  return createHmac('sha256', key)
    .update(length)
    .update(shapeBytes)
    .update(body)
    .digest()
    .subarray(0, macBytes);
}
