import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { requestFields, type HttpExchange } from './http-exchange.ts';
import { findFunction, type HttpFunction } from './function-table.ts';
import { replyProblem } from './problem-reply.ts';
import { decodePath, isHost, parseRequestTarget } from './request-target.ts';

/** Stands in for what Azure Front Door does before a request reaches the function app. */
export type Rewrite = (request: {
  readonly host: string;
  readonly url: string;
}) => { readonly url: string; readonly headers?: Readonly<Record<string, string>> } | undefined;

/** Answers a request before any function is looked for, and says whether it did. */
export type Intercept = (request: IncomingMessage, response: ServerResponse) => boolean;

export interface HttpFrontOptions {
  readonly functions: readonly HttpFunction[];
  readonly rewrite: Rewrite | undefined;
  readonly intercept: Intercept | undefined;
  /** `http` or `https`, as the outside sees it. */
  readonly protocol: string;
  /** For a client of HTTP/1.0 that names no host. */
  readonly defaultHost: () => string;
  /** Hands a request to the function that it has found. */
  readonly forward: (exchange: HttpExchange) => void;
  /** Reports what `rewrite` or `intercept` threw; the id is what the client is told. */
  readonly report: (error: unknown, correlationId: string) => void;
}

/** The server that clients talk to. */
export interface HttpFront {
  readonly server: Server;
  /** Takes no more requests and resolves when those in progress are answered. */
  drain(): Promise<void>;
}

/**
 * Refuses what is malformed, finds the function, and hands over. Malformed HTTP gets 400 and too many
 * header bytes get 431 from node:http itself.
 */
export function createHttpFront(options: HttpFrontOptions): HttpFront {
  const inProgress = new Set<ServerResponse>();
  let drained: (() => void) | undefined;
  const serve = (request: IncomingMessage, response: ServerResponse, awaitsContinue: boolean) => {
    inProgress.add(response);
    response.once('close', () => {
      inProgress.delete(response);
      if (inProgress.size === 0) drained?.();
    });
    try {
      if (drained === undefined) serveRequest(options, request, response, awaitsContinue);
      else replyProblem(response, 503, { closing: true });
    } catch (error) {
      const correlationId = randomUUID();
      options.report(error, correlationId);
      if (response.headersSent) response.destroy();
      else replyProblem(response, 500, { correlationId, closing: true });
    }
  };
  const server = createServer({
    // Long uploads and long answers are legitimate; only the head of a request has to arrive soon.
    requestTimeout: 0,
    headersTimeout: 20_000,
    keepAliveTimeout: 65_000,
  });
  server.on('request', (request, response) => {
    serve(request, response, false);
  });
  server.on('checkContinue', (request, response) => {
    serve(request, response, true);
  });
  server.on('connect', (_request, socket: Socket) => {
    socket.on('error', () => socket.destroy());
    socket.end('HTTP/1.1 501 Not Implemented\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  });
  return {
    server,
    drain: async () => {
      const allAnswered = new Promise<void>((resolve) => (drained = resolve));
      for (const response of inProgress) response.shouldKeepAlive = false;
      server.close();
      if (inProgress.size > 0) await allAnswered;
    },
  };
}

function serveRequest(
  options: HttpFrontOptions,
  request: IncomingMessage,
  response: ServerResponse,
  awaitsContinue: boolean,
): void {
  const refuse = (status: number, closing = false) => {
    replyProblem(response, status, { closing });
  };
  const target = parseRequestTarget(request.url ?? '');
  const headers = requestFields(request.rawHeaders);
  const host = target?.authority ?? (headers['host'] || options.defaultHost());
  if (target === undefined || !isHost(host)) {
    refuse(400, true);
    return;
  }
  if (options.intercept?.(request, response) === true) return;

  const rewritten = options.rewrite?.({ host, url: target.url });
  const url = rewritten?.url ?? target.url;
  const path = decodePath(pathOf(url));
  if (path === undefined) {
    refuse(400);
    return;
  }
  const route = findFunction(options.functions, request.method ?? '', path);
  if (route === undefined) {
    refuse(404);
    return;
  }
  if (route.found.needsKey) {
    refuse(401);
    return;
  }
  if (awaitsContinue) response.writeContinue();
  const exchange: HttpExchange = {
    request,
    response,
    ...route,
    url,
    origin: { protocol: options.protocol, host },
    headers: platformFields(request, { ...headers, host, ...lowerCased(rewritten?.headers) }),
  };
  options.forward(exchange);
}

/** What Azure's front end makes of the fields: it adds the client's address and lets nobody claim to be signed in. */
function platformFields(
  { socket }: IncomingMessage,
  headers: Readonly<Record<string, string>>,
): Record<string, string> {
  const kept = Object.entries(headers).filter(([name]) => !name.startsWith('x-ms-client-principal'));
  const { remoteAddress = '', remotePort = 0 } = socket;
  const client = remoteAddress.includes(':')
    ? `[${remoteAddress}]:${remotePort}`
    : `${remoteAddress}:${remotePort}`;
  const before = headers['x-forwarded-for'];
  kept.push(['x-forwarded-for', before === undefined ? client : `${before}, ${client}`]);
  return Object.fromEntries(kept);
}

function lowerCased(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function pathOf(url: string): string {
  const mark = url.indexOf('?');
  return mark === -1 ? url : url.slice(0, mark);
}
