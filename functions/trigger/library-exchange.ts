import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { once } from 'node:events';

/**
 * The library answers streamed requests through a server of its own and neither waits for slow readers nor
 * tells that the reader is gone. Node's diagnostics channel shows that server's exchanges, so a function can
 * do both without touching the library.
 */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

const exchanges = new Map<string, Exchange>();

subscribe('http.server.request.start', (message) => {
  const { request, response } = message as Exchange;
  const invocationId = request.headers['x-ms-invocation-id'];
  if (typeof invocationId !== 'string') return;
  exchanges.set(invocationId, { request, response });
  response.once('close', () => exchanges.delete(invocationId));
});

/** The request target as it came, before any URL parser touched it. */
export const rawTarget = (invocationId: string): string | undefined =>
  exchanges.get(invocationId)?.request.url;

/** Aborted when the one who asked is gone before the whole answer was sent. */
export function goneSignal(invocationId: string): AbortSignal {
  const gone = new AbortController();
  const response = exchanges.get(invocationId)?.response;
  response?.once('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  return gone.signal;
}

/** Hands on a body no faster than it is read. */
export async function* paced(
  invocationId: string,
  body: AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  const response = exchanges.get(invocationId)?.response;
  for await (const chunk of body) {
    yield chunk;
    if (response?.writableNeedDrain && !response.destroyed) {
      await Promise.race([once(response, 'drain'), once(response, 'close')]);
    }
  }
}
