import type { Random } from '../clock.ts';

/** Which request something is part of (W3C Trace Context section 3.2). */
export interface TraceContext {
  /** 32 hexadecimal digits; what people name when they report a failure. */
  readonly traceId: string;
  /** 16 hexadecimal digits: of the span under way. */
  readonly spanId: string;
}

const pattern = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/;

/** @returns undefined for anything that is no `traceparent` of version 00; ids of zeroes are none */
export function parseTraceparent(text: string | null | undefined): TraceContext | undefined {
  const [, traceId = '', spanId = ''] = pattern.exec(text ?? '') ?? [];
  return /[1-9a-f]/.test(traceId) && /[1-9a-f]/.test(spanId) ? { traceId, spanId } : undefined;
}

export const formatTraceparent = ({ traceId, spanId }: TraceContext): string => `00-${traceId}-${spanId}-01`;

const hex = (random: Random, bytes: number): string => Buffer.from(random.bytes(bytes)).toString('hex');

/** A span of the same trace, or of a new one. */
export const nextContext = (random: Random, parent?: TraceContext): TraceContext => ({
  traceId: parent?.traceId ?? hex(random, 16),
  spanId: hex(random, 8),
});
