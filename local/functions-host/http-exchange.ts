import { randomUUID } from 'node:crypto';
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import type { InvocationRequest, TypedData } from './core-types.ts';
import { endToEndFields, fields } from './end-to-end-fields.ts';
import type { HttpFunction } from './function-table.ts';
import { invocationIdField, type LibraryProxy } from './library-proxy.ts';
import { replyProblem } from './problem-reply.ts';
import type { RouteParams } from './route-template.ts';

/** A request that has found its function. */
export interface HttpExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly found: HttpFunction;
  readonly params: RouteParams;
  /** Path and query. */
  readonly url: string;
  /** What `request.url` of the function begins with. */
  readonly origin: { readonly protocol: string; readonly host: string };
  /** The end-to-end fields of the request, names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What the exchange needs of the function. */
export interface ExchangeSteps {
  /** Runs the function; rejects when it failed. */
  invoke(request: InvocationRequest): Promise<void>;
  /** Takes note of a failure, once, unless it came from the client's leaving. */
  report(error: unknown, invocationId: string): void;
}

/**
 * Passes a request to the library's server and its answer to the client, streaming both ways under
 * back-pressure, while the function runs. A failure is answered with 500, or by cutting the connection when
 * the answer has begun; a client that goes away takes the request to the library with it.
 */
export function exchangeWithLibrary(exchange: HttpExchange, proxy: LibraryProxy, steps: ExchangeSteps): void {
  const { request, response } = exchange;
  const id = randomUUID();
  const hasBody = carriesBody(request);
  const proxied = httpRequest({
    agent: proxy.agent,
    host: proxy.host,
    port: proxy.port,
    method: request.method,
    path: exchange.url,
    headers: proxiedFields(exchange, id, hasBody),
  });
  let failed = false;

  const fail = (error: unknown) => {
    if (failed) return;
    failed = true;
    // A handler may well trip over a client that has left; nobody has to be told.
    if (!request.socket.destroyed) steps.report(error, id);
    proxied.destroy();
    if (response.headersSent) response.destroy();
    else if (!response.destroyed) replyProblem(response, 500, { correlationId: id });
  };

  proxy.whenTaken(id, () => {
    steps.invoke(invocationRequest(exchange, id)).catch(fail);
  });
  proxied.once('response', (answer) => {
    if (!failed) passAnswer(answer, response);
  });
  proxied.on('error', fail);
  proxied.once('close', () => {
    proxy.forget(id);
  });
  response.once('close', () => {
    if (!response.writableFinished || !request.complete) proxied.destroy();
    // Answered before the body was read: a client may well send all of it before it looks at the answer, and
    // node:http neither goes on writing to a server that has answered nor drops what was being piped.
    request.unpipe(proxied);
    request.resume();
  });
  if (hasBody) request.pipe(proxied);
  else proxied.end();
}

function carriesBody({ headers }: IncomingMessage): boolean {
  const { 'content-length': length = '0', 'transfer-encoding': coding } = headers;
  return coding !== undefined || length !== '0';
}

function passAnswer(answer: IncomingMessage, response: ServerResponse): void {
  response.writeHead(answer.statusCode ?? 502, endToEndFields(answer.rawHeaders));
  pipeline(answer, response, () => undefined);
}

function proxiedFields(exchange: HttpExchange, id: string, hasBody: boolean): string[] {
  const { request, origin } = exchange;
  const sent = ['host', 'library', invocationIdField, id];
  sent.push('x-forwarded-host', origin.host, 'x-forwarded-proto', origin.protocol);
  for (const [name, value] of Object.entries(exchange.headers)) {
    if (!ownFields.has(name)) sent.push(name, value);
  }
  if (!hasBody) return sent;
  const length = request.headers['content-length'];
  if (length === undefined) sent.push('transfer-encoding', 'chunked');
  else sent.push('content-length', length);
  return sent;
}

const ownFields = new Set([
  'host',
  'content-length',
  'x-forwarded-host',
  'x-forwarded-proto',
  invocationIdField,
]);

function invocationRequest(exchange: HttpExchange, invocationId: string): InvocationRequest {
  const { found } = exchange;
  const triggerMetadata: Record<string, TypedData> = {};
  for (const [name, value] of Object.entries(exchange.params)) triggerMetadata[name] = { string: value };
  triggerMetadata['Headers'] = { json: JSON.stringify(exchange.headers) };
  return {
    invocationId,
    functionId: found.name,
    inputData: [{ name: found.triggerName, data: { http: {} } }],
    triggerMetadata,
  };
}

/** The end-to-end fields of a request by name, in lower case; repeated ones are joined (RFC 9110 section 5.3). */
export function requestFields(rawHeaders: readonly string[]): Record<string, string> {
  const joined = new Map<string, string>();
  for (const [name, value] of fields(endToEndFields(rawHeaders))) {
    const lower = name.toLowerCase();
    const before = joined.get(lower);
    // RFC 6265 section 5.4: cookies are parted by a semicolon.
    const separator = lower === 'cookie' ? '; ' : ', ';
    joined.set(lower, before === undefined ? value : `${before}${separator}${value}`);
  }
  return Object.fromEntries(joined);
}
