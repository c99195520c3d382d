import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A small on-prem application: a page, a JSON call that changes with time, a stream, a large file.
 * @param answerAfter milliseconds that it takes its time
 */
export async function startOnPremApplication(
  answerAfter = 0,
  { port = 0, hostname = '127.0.0.1' } = {},
): Promise<{
  origin: string;
  seen: string[];
  /** The `traceparent` of each request. */
  traces: (string | undefined)[];
  close(): Promise<void>;
}> {
  const seen: string[] = [];
  const traces: (string | undefined)[] = [];
  let count = 0;
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    seen.push(`${request.method} ${request.url}`);
    traces.push(request.headers.traceparent as string | undefined);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    if (answerAfter > 0) await new Promise((resolve) => setTimeout(resolve, answerAfter));
    response.setHeader('server', 'OnPrem/1.0');
    response.setHeader('set-cookie', 'inner=secret');
    if (request.url === '/dashboards/north') {
      response.setHeader('content-type', 'text/html');
      response.end('<!doctype html><title>North</title><h1>Transmitter site North</h1>');
    } else if (request.url === '/api/value' && request.method === 'POST') {
      const { elementId } = JSON.parse(body) as { elementId: number };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ elementId, value: ++count }));
    } else if (request.url === '/api/events') {
      response.setHeader('content-type', 'text/event-stream');
      const timer = setInterval(() => response.write(`data: ${++count}\n\n`), 50);
      response.once('close', () => clearInterval(timer));
    } else {
      response.statusCode = 404;
      response.end('not here');
    }
  };
  const server: Server = createServer((request, response) => void answer(request, response)).listen(
    port,
    hostname,
  );
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    traces,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** What the small application's dashboard calls, as an explicit list. */
export const northCalls = [
  { method: 'GET', path: '/dashboards/north' },
  { method: 'POST', path: '/api/value', json: { elementId: 101 } },
  { method: 'GET', path: '/api/events' },
];
