import { STATUS_CODES, type ServerResponse } from 'node:http';

/**
 * Answers with a problem document (RFC 9457). A 5xx body holds the correlation id and nothing else.
 * @param closing whether the connection ends with this answer
 */
export function replyProblem(
  response: ServerResponse,
  status: number,
  { correlationId, closing = false }: { correlationId?: string; closing?: boolean } = {},
): void {
  const problem = correlationId === undefined ? { title: STATUS_CODES[status], status } : { correlationId };
  const body = JSON.stringify(problem);
  response.writeHead(status, {
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...(closing && { connection: 'close' }),
  });
  response.end(body);
}
